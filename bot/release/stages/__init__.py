"""How a release moves: from its start through its stages to its end, and the way back."""
