"""The shipped blocks compute what their sources say."""

import torch

import blueprint
from tests.compiler.specs import written


def test_sequence_pool_weighs_the_tokens_by_a_softmax_of_their_scores(tmp_path):
    model = blueprint.build(written("body: [to_tokens, sequence_pool]", tmp_path))
    image = torch.randn(2, 3, 32, 32)
    tokens = image.flatten(2).mT
    weights = torch.softmax(model.sequence_pool.linear(tokens), dim=1)
    torch.testing.assert_close(model(image), (weights * tokens).sum(1))
