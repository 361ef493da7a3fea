"""How validation against a JSON Schema ends where it cannot be carried through."""


class UnusableSchema(Exception):
    """It is no valid schema, it refers to what does not stand in it, or its references lead in a circle."""


class OutOfTime(Exception):
    """It took longer than it may."""
