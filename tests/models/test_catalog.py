from pathlib import Path

import pytest

from models.catalog import load_catalog
from models.errors import UnknownModelError


def test_every_model_can_be_had_from_somewhere() -> None:
    for model in load_catalog():
        assert model.files
        assert model.hub or model.wheel or model.installed or model.bundled, model.name


def test_a_wheel_carries_a_whole_model() -> None:
    for model in load_catalog():
        if model.wheel:
            assert [Path(model.wheel.member).name] == [file.name for file in model.files]


def test_no_two_models_share_their_weights() -> None:
    largest = [max(model.files, key=lambda file: file.size).sha256 for model in load_catalog()]
    assert len(set(largest)) == len(largest)


def test_a_piper_voice_is_a_graph_and_its_settings() -> None:
    for model in load_catalog():
        if model.kind == "piper":
            graph, settings = (file.name for file in model.files)
            assert settings == f"{graph}.json"


def test_a_model_is_known_by_its_alias() -> None:
    catalog = load_catalog()
    assert catalog.get("turbo") is catalog.get("large-v3-turbo")


def test_an_unknown_name_gets_the_nearest_one_suggested() -> None:
    with pytest.raises(UnknownModelError, match=r"'bas\.en'.* Did you mean 'base\.en'\?"):
        load_catalog().get("bas.en")


def test_a_name_like_no_other_gets_the_list() -> None:
    with pytest.raises(UnknownModelError, match="Known: silero-vad, ") as caught:
        load_catalog().get("%%%")
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('hub = { repository = "a/b", revision = "main" }', "revision"),
        ('hub = { repository = "a/b", revison = "0" }', "revison"),
        ('colour = "blue"', "colour"),
    ],
)
def test_a_mistake_in_the_catalogue_is_named(tmp_path: Path, entry: str, problem: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(f'[x]\nkind = "vad"\nlicence = "MIT"\nfiles = []\n{entry}\n', encoding="utf-8")
    with pytest.raises(ValueError, match=problem):
        load_catalog(path)
