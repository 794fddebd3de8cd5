"""A session that was documented for the wrong patient goes to the right one, once two people say so."""
