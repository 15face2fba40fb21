def greet(name: str) -> str:
    return f"Xin chào {name}! Hello from Python."


print(greet("thí sinh"))
