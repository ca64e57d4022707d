"""Calls while they last: dialled, answered, talked in, kept."""
