"""Models as data: which files, where they come from, how they are checked."""
