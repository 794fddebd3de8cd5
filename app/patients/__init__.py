"""People under care: who they are, how other systems know them, what they weigh."""
