"""The Web API's methods, by family. A method is a row: name, scopes, tier, function."""
