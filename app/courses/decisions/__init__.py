"""What a prescriber decides in a course: to go on, to stop, to change the dose."""
