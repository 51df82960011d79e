"""Tests of ScriptToFrame, from pure functions to the whole stack."""
