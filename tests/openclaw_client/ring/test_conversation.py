"""Talking with agents of a real gateway."""

import asyncio

import pytest

from openclaw_client import AgentTier, GatewayClient, LinkState, UnknownAgentError
from tests.openclaw_client.ring.talk import Reply, guarded, settings, until, whole
from tests.peers.language_model import LanguageModel
from tests.peers.real_gateway import AGENTS, RealGateway

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_the_gateway_greets_us_with_the_scopes_that_we_need(gateway: RealGateway):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            hello = await client.connected()
            assert (hello.protocol, hello.server_version) == (4, gateway.version)
            stats = client.stats()
            assert stats.state is LinkState.READY
            assert stats.scopes == ("operator.read", "operator.write")
            assert (stats.reconnects, stats.error) == (0, "")

    guarded(test)


def test_an_agent_answers(gateway: RealGateway, session: str):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            assert await whole(client.ask(session, "Ann: good morning")) == (
                "You said: Ann: good morning"
            )
            assert client.stats().turns == 1
            assert client.stats().first_words.count == 1

    guarded(test)


def test_words_that_are_commands_elsewhere_are_words(gateway: RealGateway, session: str):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            for words in ("stop", "Ann: /status", "Ann: NO_REPLY please"):
                assert await whole(client.ask(session, words)) == f"You said: {words}"

    guarded(test)


def test_words_come_while_the_model_still_speaks(
    gateway: RealGateway, model: LanguageModel, session: str
):
    async def test() -> None:
        model.hold()
        async with GatewayClient(settings(gateway)) as client:
            reply = Reply(client.ask(session, "Ann: [[words:8]] [[pace:200]] [[hold:5]]"))
            assert await reply.words(5) == "w1 w2 w3 w4 w5"
            assert len(reply.pieces) >= 3
            model.release()
            assert await reply.whole() == "w1 w2 w3 w4 w5 w6 w7 w8"

    guarded(test)


def test_closing_a_reply_stops_the_model(gateway: RealGateway, model: LanguageModel, session: str):
    async def test() -> None:
        model.hold()
        async with GatewayClient(settings(gateway)) as client:
            reply = Reply(client.ask(session, "Ann: count [[words:9]] [[pace:200]] [[hold:3]]"))
            await reply.words(3)
            await reply.source.aclose()
            await until(model.asked_about("count")[0].hung_up.is_set)
            model.release()
            after = await whole(client.ask(session, "Ann: you stopped", heard="w1 w2"))
            assert after.endswith("Ann: you stopped")
            assert 'only this was heard: "w1 w2"' in model.asked[-1].newest
            assert len(model.asked_about("count")) == 1
            said = [row for row in await client.history(session) if row.role == "assistant"]
            assert [row.finished for row in said] == [False, True]

    guarded(test)


def test_a_question_that_is_taken_back_at_once_stays_in_the_session(
    gateway: RealGateway, model: LanguageModel, session: str
):
    """Which is why agents of a gateway are not asked ahead of the end of a turn."""

    async def test() -> None:
        model.hold()
        async with GatewayClient(settings(gateway)) as client:
            reply = client.ask(session, "Ann: turn on the light in [[words:9]] [[hold:0]]")
            first = asyncio.ensure_future(anext(reply))
            await until(lambda: model.asked_about("turn on the light in"))
            first.cancel()
            await asyncio.wait([first])
            await until(model.asked_about("turn on the light in")[0].hung_up.is_set)
            model.release()
            await whole(client.ask(session, "Ann: turn on the light in the kitchen"))
            users = [text for role, text in model.asked[-1].messages if role == "user"]
            assert len([text for text in users if "turn on the light in [[" in text]) == 1

    guarded(test)


def test_another_request_takes_the_place_of_the_one_under_way(
    gateway: RealGateway, model: LanguageModel, session: str
):
    async def test() -> None:
        model.hold()
        async with GatewayClient(settings(gateway)) as client:
            first = Reply(client.ask(session, "Ann: count [[words:9]] [[pace:200]] [[hold:3]]"))
            await first.words(3)
            steered = client.steer(session, "Ann: no, a colour. [[say:Blue.]]", heard="w1")
            assert await whole(steered) == "Blue."
            assert await first.whole() == "w1 w2 w3"
            assert model.asked_about("count")[0].hung_up.is_set()

    guarded(test)


def test_two_agents_keep_their_conversations_apart(gateway: RealGateway, channel: str):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            await whole(client.ask(f"agent:main:{channel}", "Ann: remember 42"))
            question = "Ann: what was the number? [[number]]"
            main = await whole(client.ask(f"agent:main:{channel}", question))
            jarvis = await whole(client.ask(f"agent:jarvis:{channel}", question))
            assert (main, jarvis) == ("The number is 42.", "You told me no number.")

    guarded(test)


def test_two_sessions_are_answered_at_once_on_one_connection(
    gateway: RealGateway, model: LanguageModel, session: str
):
    async def test() -> None:
        model.hold()
        async with GatewayClient(settings(gateway)) as client:
            replies = [
                Reply(
                    client.ask(f"{session}{place}", f"{name}: [[words:6]] [[pace:200]] [[hold:3]]")
                )
                for place, name in (("1", "Ann"), ("2", "Ben"))
            ]
            # Both have begun before either ends.
            assert [await reply.words(3) for reply in replies] == ["w1 w2 w3"] * 2
            model.release()
            assert [await reply.whole() for reply in replies] == ["w1 w2 w3 w4 w5 w6"] * 2
            assert client.stats().reconnects == 0

    guarded(test)


def test_an_agent_remembers_42_across_turns_and_a_new_client(gateway: RealGateway, session: str):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            await whole(client.ask(session, "Ann: remember 42"))
            assert await whole(client.ask(session, "Ann: [[number]]")) == "The number is 42."
        async with GatewayClient(settings(gateway)) as client:
            assert await whole(client.ask(session, "Ann: [[number]]")) == "The number is 42."

    guarded(test)


def test_the_same_turn_is_answered_once(gateway: RealGateway, model: LanguageModel, session: str):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            for _ in range(2):
                reply = client.ask(session, "Ann: only once", idempotency_key=session)
                assert await whole(reply) == "You said: Ann: only once"
                await whole(client.ask(session, "Ann: something else"))
            assert len(model.asked_about("only once")) == 1

    guarded(test)


def test_a_transcript_is_remembered_like_any_turn(
    gateway: RealGateway, model: LanguageModel, session: str
):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            await client.add_transcript(session, "Caller: the code is 4711\nAgent: Thank you.")
            answer = await whole(client.ask(session, "Ann: what was the code? [[number]]"))
            assert answer == "The number is 4711."
            assert model.asked[-1].said[0].startswith("[transcript]\nCaller: the code is 4711")

    guarded(test)


def test_agents_are_listed_and_an_unknown_one_is_refused_with_that_list(
    gateway: RealGateway, model: LanguageModel, channel: str
):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            agents = await client.agents()
            assert [agent.id for agent in agents] == list(AGENTS)
            assert {agent.model for agent in agents} == {"fake/small"}
            with pytest.raises(UnknownAgentError, match="main, jarvis, sage") as refused:
                await whole(client.ask(f"agent:nobody:{channel}", "Ann: who are you?"))
            assert refused.value.known == AGENTS
            assert not model.asked_about("who are you")

    guarded(test)


def test_the_spoken_style_is_an_instruction_and_no_part_of_the_conversation(
    gateway: RealGateway, model: LanguageModel, session: str
):
    async def test() -> None:
        style = "Your reply is spoken aloud by a parrot."
        async with GatewayClient(settings(gateway, spoken_style=style)) as client:
            for words in ("Ann: first", "Ann: second"):
                await whole(client.ask(session, words))
                assert model.asked[-1].instructions.count(style) == 1
            assert model.asked[-1].said == ["Ann: first", "Ann: second"]
            assert style not in str(await client.history(session))

    guarded(test)


def test_what_an_agent_gives_its_own_tts_tool_is_its_reply(
    gateway: RealGateway, model: LanguageModel, session: str
):
    async def test() -> None:
        use = '[[tool:tool_call {"id": "tts", "args": {"text": "It is ten."}}]]'
        async with GatewayClient(settings(gateway)) as client:
            asked = f"Ann: what time is it? {use} [[say:NO_REPLY]]"
            assert await whole(client.ask(session, asked)) == "It is ten."
            assert model.asked[-1].has_tool_result

    guarded(test)


def test_an_agent_is_warmed_up_outside_every_conversation(
    gateway: RealGateway, model: LanguageModel, channel: str
):
    async def test() -> None:
        async with GatewayClient(settings(gateway)) as client:
            await client.warm_up("sage")
            assert model.asked[-1].said[-1:] == ["Connection test."]
            session = f"agent:sage:{channel}"
            await whole(client.ask(session, "Ann: hello"))
            assert model.asked[-1].said == ["Ann: hello"]

    guarded(test)


def test_model_and_thinking_of_an_agent_reach_its_model(
    gateway: RealGateway, model: LanguageModel, channel: str
):
    async def test() -> None:
        tiers = {"sage": AgentTier(model="fake/large", thinking="high")}
        async with GatewayClient(settings(gateway, agents=tiers)) as client:
            await whole(client.ask(f"agent:sage:{channel}", "Ann: think"))
            body = model.asked[-1].body
            assert (body["model"], body["reasoning_effort"]) == ("large", "high")
            await whole(client.ask(f"agent:main:{channel}", "Ann: hello"))
            assert model.asked[-1].body["model"] == "small"
            await whole(client.ask(f"agent:main:{channel}", "Ann: hello", thinking="low"))
            assert model.asked[-1].body["reasoning_effort"] == "low"

    guarded(test)
