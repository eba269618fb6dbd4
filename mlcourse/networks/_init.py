"""First weights, drawn from a generator: equal seeds, equal networks."""

from torch import Generator, nn


def initialise(net: nn.Module, generator: Generator) -> nn.Module:
    """Kaiming's scale for the weights of linear and convolution layers, biases 0."""
    for layer in net.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(
                layer.weight, nonlinearity="relu", generator=generator
            )
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return net
