"""What waits for somebody: unsigned, unanswered, about to expire, overdue."""
