"""Who watched whom, from when on."""
