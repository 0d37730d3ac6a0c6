"""Weights from elsewhere, mapped onto a network by the order and the shapes of its tensors.

    import blueprint

    network = blueprint.build("net.yaml")
    matching = blueprint.weights.copy(network, torch.load("theirs.pth", weights_only=True))
    matching.pairs            # (our key, their key)
    matching.ours             # tensors of the network that found no counterpart: key, shape, reason
    matching.theirs           # likewise the foreign ones
    blueprint.weights.verify(network, theirs, (3, 224, 224))  # 3e-07, where the foreign network is at hand

`match` finds the pairs and copies nothing; `copy` copies them, with `strict=True` all or nothing; `verify` compares the
outputs of two networks; `fill` does what `blueprint build --weights SOURCE` does.

**How a counterpart is found.** If one side has all the keys of the other, by its key. Otherwise names count for
little, since another's names are another's. The tensors of one module (weight, bias, running mean and variance) are
paired together or not at all, and only with a module of the same shapes; axes of size 1 count for nothing, so that a
1x1 convolution fits a linear layer. The two state_dicts are aligned as sequences, in the order of their keys, which
is the order in which a spec writes its nodes: as many modules as can be are paired in that order. What holds most of
the same shapes is taken for the same block, and paired inside it: a parameter that another library registers before
its block, or a shortcut before its path, is found in the same block. What is left over is aligned once more, which
finds what stands elsewhere, such as auxiliary heads. Of two candidates that fit alike, the one with more words of its
name in common is taken; a query never goes to a key.

**What it cannot know.** Equal shapes side by side in another order, such as two paths that a foreign network
registers the other way round, are paired in their order. Where the foreign network is at hand, which is so for
torchvision's, its outputs are compared with ours on one random input, and nothing is kept of weights that all fit and
give others. A file holds no network: what was paired wrongly there shows in the accuracy alone. Outputs for training
alone are not compared. Foreign .safetensors files have their keys in alphabetical order, so that blocks are told
apart by shapes and by names. Integers, such as an index of positions, are nothing learned: they are copied where
there is one of ours, else left aside.

**Sources** of `--weights` and of `fill`:

    torchvision                    torchvision's network of the spec's name, with the weights that it names DEFAULT
    torchvision:NAME               another network
    torchvision:NAME:WEIGHTS       other weights, by their name there
    torchvision:NAME:random        torchvision's own initialisation, which needs no download
    FILE.pth, FILE.safetensors     a state_dict, or a checkpoint that holds one; no code in it is run
    RUN                            a directory that `blueprint train` made

A head for another number of classes does not fit published weights: it keeps its initial values and is named. Published
weights are downloaded to where torch.hub keeps them, and expect images normalised as they were in training:
https://docs.pytorch.org/vision/stable/models.html.
"""

from __future__ import annotations

from blueprint.weights.compare import verify
from blueprint.weights.copying import copy
from blueprint.weights.filling import Filled, fill
from blueprint.weights.matching import Left, Matching, match

__all__ = ["Filled", "Left", "Matching", "copy", "fill", "match", "verify"]
