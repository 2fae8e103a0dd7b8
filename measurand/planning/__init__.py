"""How large a sample a gate needs, from a pilot: components of variance, designs, costs."""
