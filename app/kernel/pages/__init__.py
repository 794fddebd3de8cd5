"""What the application serves for people and operators: documentation, problem pages, health."""
