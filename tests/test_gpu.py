"""On a GPU everything gives what it gives on the processor; skipped where none is."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from mlcourse import distances, evaluation, judgements, losses, miners, regularizers
from mlcourse.networks import convnet
from mlcourse.samplers import ClassBalancedBatches
from mlcourse.training import embed, train

pytestmark = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no GPU on this machine"
)
N, DIM, CLASSES = 24, 6, 5
Y = torch.arange(N) % CLASSES


def points(dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return normalize(torch.randn(N, DIM, generator=generator, dtype=dtype))


def weights(z: Tensor) -> Tensor:
    """Class weights of unit length, the same for every device and kind of number."""
    generator = torch.Generator().manual_seed(1)
    drawn = normalize(torch.randn(CLASSES, DIM, generator=generator))
    return drawn.to(z.device, z.dtype)


def pairs(y: Tensor) -> tuple[Tensor, Tensor]:
    return judgements.similar_pairs(y), judgements.dissimilar_pairs(y)


def module(make: Callable[[], torch.nn.Module], z: Tensor) -> torch.nn.Module:
    torch.manual_seed(2)
    return make().to(z.device)


def dist(z: Tensor) -> Tensor:
    return distances.euclidean(z, z)


def sim(z: Tensor) -> Tensor:
    return 1 - distances.cosine(z, z)


def cos(z: Tensor) -> Tensor:
    return 1 - distances.cosine(z, weights(z))


def lengths(z: Tensor) -> Tensor:
    return z.norm(dim=1)


#: From embeddings and classes to a loss.
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "contrastive": lambda z, y: losses.contrastive_loss(dist(z), *pairs(y)),
    "margin": lambda z, y: module(lambda: losses.MarginLoss(n_classes=CLASSES), z)(
        dist(z), *pairs(y), y
    ),
    "triplet": lambda z, y: losses.triplet_loss(dist(z), judgements.all_triplets(y)),
    "soft triplet": lambda z, y: losses.soft_triplet_loss(
        dist(z), judgements.all_triplets(y)
    ),
    "multi-similarity": lambda z, y: losses.multi_similarity_loss(
        sim(z), y, epsilon=0.1
    ),
    "n-pair": lambda z, y: losses.npair_loss(z[:5] @ z[5:10].T),
    "InfoNCE": lambda z, y: losses.info_nce_loss(sim(z), y),
    "SupCon": lambda z, y: losses.supcon_loss(sim(z), y),
    "lifted structure": lambda z, y: losses.lifted_structure_loss(dist(z), y),
    "circle": lambda z, y: losses.circle_loss(sim(z), y),
    "Smooth-AP": lambda z, y: losses.smooth_ap_loss(sim(z), y, temperature=0.1),
    "NCA": lambda z, y: losses.nca_loss(dist(z).square(), y),
    "proxy NCA": lambda z, y: losses.proxy_nca_loss(2 - 2 * cos(z), y),
    "proxy anchor": lambda z, y: losses.proxy_anchor_loss(cos(z), y),
    "SoftTriple": lambda z, y: module(lambda: losses.SoftTripleLoss(CLASSES, DIM), z)(
        z, y
    ),
    "norm-softmax": lambda z, y: losses.norm_softmax_loss(cos(z), y),
    "CosFace": lambda z, y: losses.cosface_loss(cos(z), y),
    "ArcFace": lambda z, y: losses.arcface_loss(cos(z), y),
    "SphereFace": lambda z, y: losses.sphereface_loss(cos(z), lengths(z), y),
    "L-Softmax": lambda z, y: losses.l_softmax_loss(
        cos(z), lengths(z), lengths(weights(z)), y
    ),
    "embedding norm": lambda z, y: regularizers.embedding_norm(z),
    "spread": lambda z, y: regularizers.spread(z),
}


def value_and_slope(
    loss: Callable[[Tensor, Tensor], Tensor], z: Tensor, y: Tensor
) -> tuple[Tensor, Tensor]:
    z = z.clone().requires_grad_()
    value = loss(z, y)
    value.backward()
    return value.detach().cpu(), z.grad.cpu()


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient_are_those_of_the_processor(name):
    z = points()
    here = value_and_slope(LOSSES[name], z, Y)
    there = value_and_slope(LOSSES[name], z.cuda(), Y.cuda())
    for a, b in zip(here, there, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_half_precision_is_finite(name, dtype):
    for z in (points(), torch.cat([points()[:1]] * N)):
        value, slope = value_and_slope(LOSSES[name], z.to("cuda", dtype), Y.cuda())
        assert value.isfinite()
        assert slope.isfinite().all()


@pytest.mark.parametrize(
    "delta",
    [
        distances.euclidean,
        distances.sqeuclidean,
        distances.cosine,
        distances.chordal,
        distances.angular,
        lambda x, y: distances.minkowski(x, y, p=3),
    ],
)
def test_a_distance_is_that_of_the_processor(delta):
    z = points()
    torch.testing.assert_close(delta(z.cuda(), z.cuda()).cpu(), delta(z, z))


@pytest.mark.parametrize(
    "relations",
    [judgements.similar_pairs, judgements.dissimilar_pairs, judgements.all_triplets],
)
def test_judgements_are_those_of_the_processor(relations):
    found = relations(Y.cuda())
    assert found.is_cuda
    assert torch.equal(found.cpu(), relations(Y))


@pytest.mark.parametrize(
    "miner",
    [
        lambda d, y: miners.semihard_triplets(d, y, margin=0.3),
        lambda d, y: miners.easy_positive_triplets(d, y, margin=0.3),
        miners.hard_triplets,
        miners.ephn_triplets,
        miners.epshn_triplets,
        lambda d, y: torch.cat(miners.multi_similarity_pairs(1 - d, y)),
    ],
)
def test_a_miner_chooses_as_on_the_processor(miner):
    d = dist(points())
    assert torch.equal(miner(d.cuda(), Y.cuda()).cpu(), miner(d, Y))


@pytest.mark.parametrize(
    "miner",
    [
        miners.random_triplets,
        lambda d, y, generator: miners.distance_weighted_triplets(
            d, y, dim=DIM, generator=generator
        ),
    ],
)
def test_a_miner_that_draws_takes_a_generator_of_the_gpu(miner):
    generator = torch.Generator("cuda").manual_seed(0)
    T = miner(dist(points()).cuda(), Y.cuda(), generator=generator)
    a, p, n = Y[T.cpu()].T
    assert T.is_cuda
    assert len(T)
    assert (a == p).all()
    assert (a != n).all()


def test_measures_are_those_of_the_processor():
    z = points()
    there = evaluation.evaluate(z.cuda(), Y.cuda())
    for name, value in evaluation.evaluate(z, Y).items():
        assert there[name] == pytest.approx(value, abs=1e-9), name
    rho = evaluation.spectral_decay(z.cuda())
    assert float(rho) == pytest.approx(float(evaluation.spectral_decay(z)), abs=1e-6)


@pytest.mark.parametrize("mixed_precision", [False, True])
def test_training_lowers_the_loss_and_goes_on_from_its_checkpoint(
    tmp_path, mixed_precision
):
    draw = torch.Generator().manual_seed(0)
    y = torch.arange(80) % 10
    places = torch.randn(20, 1, 16, 16, generator=draw)
    x = places[y] + 0.3 * torch.randn(80, 1, 16, 16, generator=draw)
    held_out = torch.arange(40) % 10 + 10
    others = places[held_out] + 0.3 * torch.randn(40, 1, 16, 16, generator=draw)

    def run(epochs, checkpoint=None, *, seed=0):
        torch.manual_seed(seed)  # what is dropped; once resumed, as it went on
        generator = torch.Generator().manual_seed(1)
        psi = nn.Sequential(nn.Dropout(0.2), convnet(8, generator=generator)).cuda()
        history = train(
            psi,
            lambda z, y: losses.multi_similarity_loss(z @ z.T, y),
            x.cuda(),
            y.cuda(),
            batches=ClassBalancedBatches(
                y, classes=5, per_class=4, n_batches=6, generator=generator
            ),
            validation=(others.cuda(), held_out.cuda()),
            epochs=epochs,
            generator=generator,
            mixed_precision=mixed_precision,
            checkpoint=checkpoint,
        )
        return history, embed(psi, others.cuda())

    history, whole = run(4)
    assert whole.is_cuda
    assert history.loss[-1] < history.loss[0]
    run(2, tmp_path / "run.pt")
    resumed, again = run(4, tmp_path / "run.pt", seed=5)
    assert resumed.loss == pytest.approx(history.loss, rel=1e-2)
    torch.testing.assert_close(again, whole, rtol=5e-2, atol=5e-2)
