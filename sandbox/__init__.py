"""A process that speaks the wire protocols of all four vendors, for use without keys and in every test."""
