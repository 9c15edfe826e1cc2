def main() -> None:
    """Placeholder entry point until the command line lands."""
