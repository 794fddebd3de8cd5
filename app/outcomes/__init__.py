"""What a course came to: its curve of scores, and what that means for the patient."""
