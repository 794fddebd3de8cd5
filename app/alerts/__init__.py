"""What a person must acknowledge. Other areas raise alerts here, in the transaction of their cause."""
