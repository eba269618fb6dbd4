"""The losses beside pytorch-metric-learning 2.9: equal, or we say who is wrong and why.

Its arguments are named in full where ours mean something else: it takes embeddings,
degrees, and reduces by the number of tuples that are above zero.
"""

import math
import warnings

import pytest
import torch
from torch.nn.functional import normalize

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pytorch_metric_learning import distances, losses, miners, reducers

from mlcourse.distances import cosine, euclidean, sqeuclidean
from mlcourse.judgements import all_triplets, dissimilar_pairs, similar_pairs
from mlcourse.losses import (
    MarginLoss,
    SoftTripleLoss,
    arcface_loss,
    circle_loss,
    cosface_loss,
    generalized_lifted_structure_loss,
    info_nce_loss,
    l_softmax_loss,
    lifted_structure_loss,
    multi_similarity_loss,
    nca_loss,
    norm_softmax_loss,
    proxy_anchor_loss,
    proxy_nca_loss,
    smooth_ap_loss,
    soft_triplet_loss,
    sphereface_loss,
    supcon_loss,
    triplet_loss,
)

RAW = {"normalize_embeddings": False}
C, DIM = 6, 5
Y = torch.tensor([0, 3, 3, 1, 0, 5, 1, 0, 3, 0, 5, 1])


@pytest.fixture
def z(generator):
    return torch.randn(len(Y), DIM, generator=generator, dtype=torch.float64)


@pytest.fixture
def w(generator):
    return torch.randn(C, DIM, generator=generator, dtype=torch.float64)


def similarity(x, y):
    return 1 - cosine(x, y)


def same(ours, theirs, z):
    """Equal values and equal gradients in the embeddings."""
    values, slopes = [], []
    for loss in (ours, theirs):
        point = z.clone().requires_grad_()
        value = loss(point)
        value.backward()
        values.append(value.item())
        slopes.append(point.grad)
    assert values[0] == pytest.approx(values[1], rel=1e-9)
    assert torch.allclose(*slopes, rtol=1e-7, atol=1e-10)


def test_triplet(z):
    mean = reducers.MeanReducer()
    T = all_triplets(Y)
    peer = losses.TripletMarginLoss(margin=0.2, reducer=mean)  # on the unit sphere
    same(
        lambda x: triplet_loss(euclidean(normalize(x), normalize(x)), T),
        lambda x: peer(x, Y),
        z,
    )
    squared = distances.LpDistance(power=2, **RAW)
    peer = losses.TripletMarginLoss(margin=0.2, distance=squared, reducer=mean)
    same(lambda x: triplet_loss(sqeuclidean(x, x), T), lambda x: peer(x, Y), z)
    raw = distances.LpDistance(**RAW)
    peer = losses.TripletMarginLoss(
        margin=0, distance=raw, smooth_loss=True, reducer=mean
    )
    same(lambda x: soft_triplet_loss(euclidean(x, x), T), lambda x: peer(x, Y), z)


def test_margin_of_one_positive_and_one_negative_a_point():
    """On all triplets the peer repeats a pair once a triplet; here each occurs once."""
    z = torch.tensor([[0.0, 0], [1.1, 0], [0.9, 0.3]], dtype=torch.float64)
    labels = torch.tensor([0, 0, 1])
    peer = losses.MarginLoss(distance=distances.LpDistance(**RAW))
    S = torch.cat([similar_pairs(labels), similar_pairs(labels).flip(1)])
    D = dissimilar_pairs(labels)
    ours = MarginLoss().double()
    same(lambda x: ours(euclidean(x, x), S, D), lambda x: peer(x, labels), z)


def test_multi_similarity(z):
    peer, miner = losses.MultiSimilarityLoss(), miners.MultiSimilarityMiner(epsilon=0.1)
    same(
        lambda x: multi_similarity_loss(similarity(x, x), Y),
        lambda x: peer(x, Y),
        z,
    )
    same(
        lambda x: multi_similarity_loss(similarity(x, x), Y, epsilon=0.1),
        lambda x: peer(x, Y, miner(x, Y)),
        z,
    )


def test_the_peer_returns_zero_where_one_pair_of_a_kind_is_mined():
    """GenericPairLoss leaves early if no list of indices is longer than 1."""
    z = torch.tensor([[1.0, 0], [0.6, 0.8], [0.8, -0.6]])
    labels = torch.tensor([0, 0, 1])
    mined = (torch.tensor([0]), torch.tensor([1]), torch.tensor([0]), torch.tensor([2]))
    assert losses.MultiSimilarityLoss()(z, labels, mined) == 0
    assert multi_similarity_loss(similarity(z, z), labels) > 0.1


def test_info_nce_and_supcon(z):
    peer = losses.NTXentLoss(temperature=0.1)
    same(lambda x: info_nce_loss(similarity(x, x), Y), lambda x: peer(x, Y), z)
    peer = losses.SupConLoss(temperature=0.1)
    same(lambda x: supcon_loss(similarity(x, x), Y), lambda x: peer(x, Y), z)


def test_the_peer_loses_the_hardest_pairs_at_low_temperature():
    """It adds the smallest float inside the logarithm: -log(1e-38) is 87."""
    sim, labels = torch.tensor([[1, 0.0, 0.9], [0, 1, 0.9], [0.9, 0.9, 1]]), [0, 0, 1]
    labels = torch.tensor(labels)
    z = torch.linalg.cholesky(sim + torch.tensor(0.9) * torch.eye(3))
    theirs = losses.NTXentLoss(temperature=1e-3)(z, labels).item()
    ours = info_nce_loss(similarity(z, z), labels, temperature=1e-3).item()
    exact = info_nce_loss(similarity(z, z).double(), labels, temperature=1e-3).item()
    assert ours == pytest.approx(exact, rel=1e-4)
    assert theirs < 0.5 * exact


def test_lifted_structures(z):
    labels = Y  # every class has two points or more
    raw = distances.LpDistance(**RAW)
    peer = losses.LiftedStructureLoss(distance=raw)
    same(
        lambda x: lifted_structure_loss(euclidean(x, x), labels),
        lambda x: peer(x, labels),
        z,
    )
    peer = losses.GeneralizedLiftedStructureLoss(distance=raw)
    same(
        lambda x: generalized_lifted_structure_loss(euclidean(x, x), labels),
        lambda x: peer(x, labels),
        z,
    )


def test_the_peer_counts_anchors_without_a_positive_in_generalized_lifted(z):
    labels = torch.tensor([0, 3, 3, 1, 0, 5, 1, 0, 3, 0, 2, 4])  # 5, 2, 4: one each
    peer = losses.GeneralizedLiftedStructureLoss(distance=distances.LpDistance(**RAW))
    ours = generalized_lifted_structure_loss(euclidean(z, z), labels)
    assert peer(z, labels) > ours + 0.01


def test_circle(z):
    peer = losses.CircleLoss(m=0.25, gamma=64)
    same(lambda x: circle_loss(similarity(x, x), Y), lambda x: peer(x, Y), z)


def test_the_peers_smooth_ap_is_wrong_on_perfect_clusters():
    """It swaps points a class for classes, so only square batches come out right."""
    labels = torch.arange(6).repeat_interleave(4)
    z = torch.eye(6)[labels]
    assert smooth_ap_loss(similarity(z, z), labels).item() == pytest.approx(0, abs=1e-6)
    assert losses.SmoothAPLoss()(z, labels) > 0.2


def test_nca(z):
    squared = distances.LpDistance(power=2, **RAW)
    peer = losses.NCALoss(softmax_scale=1, distance=squared)
    same(lambda x: nca_loss(sqeuclidean(x, x), Y), lambda x: peer(x, Y), z)


def test_the_peers_nca_is_nan_without_positives(z):
    labels = torch.arange(len(z))
    assert losses.NCALoss()(z, labels).isnan()
    assert nca_loss(sqeuclidean(z, z), labels) == 0


def with_weights(peer, w, *, transpose=False):
    """The peer's loss, its proxies or class weights replaced by w."""
    name = "proxies" if hasattr(peer, "proxies") else "W"
    setattr(peer, name, torch.nn.Parameter(w.T.clone() if transpose else w.clone()))
    return peer


def test_proxy_nca_of_the_peer_is_the_plus_plus_form(z, w):
    peer = with_weights(losses.ProxyNCALoss(C, DIM, softmax_scale=9), w)
    same(
        lambda x: proxy_nca_loss(
            9 * sqeuclidean(normalize(x), normalize(w)), Y, include_positive=True
        ),
        lambda x: peer(x, Y),
        z,
    )


def test_proxy_anchor(z, w):
    peer = with_weights(losses.ProxyAnchorLoss(C, DIM), w)
    same(lambda x: proxy_anchor_loss(similarity(x, w), Y), lambda x: peer(x, Y), z)


def test_soft_triple(z):
    peer = losses.SoftTripleLoss(C, DIM, centers_per_class=3).double()
    ours = SoftTripleLoss(C, DIM, centers_per_class=3, tau=0).double()
    ours.centers.data = peer.fc.detach().T.reshape(C, 3, DIM).clone()
    same(lambda x: ours(x, Y), lambda x: peer(x, Y), z)


def test_classification(z, w):
    def cos(x):
        return similarity(x, w)

    peer = with_weights(losses.NormalizedSoftmaxLoss(C, DIM), w, transpose=True)
    same(lambda x: norm_softmax_loss(cos(x), Y), lambda x: peer(x, Y), z)
    peer = losses.CosFaceLoss(num_classes=C, embedding_size=DIM)
    peer = with_weights(peer, w, transpose=True)
    same(lambda x: cosface_loss(cos(x), Y), lambda x: peer(x, Y), z)
    peer = losses.ArcFaceLoss(
        num_classes=C, embedding_size=DIM, margin=math.degrees(0.5)
    )
    peer = with_weights(peer, w, transpose=True)
    same(lambda x: arcface_loss(cos(x), Y), lambda x: peer(x, Y), z)


@pytest.mark.filterwarnings("default:__array_wrap__:DeprecationWarning")  # the peer's
@pytest.mark.parametrize("m", [2, 3, 4])
def test_multiplied_angles(z, w, m):
    peer = losses.LargeMarginSoftmaxLoss(num_classes=C, embedding_size=DIM, margin=m)
    peer = with_weights(peer, w, transpose=True)
    same(
        lambda x: l_softmax_loss(
            similarity(x, w), x.norm(dim=1), w.norm(dim=1), Y, m=m
        ),
        lambda x: peer(x, Y),
        z,
    )
    peer = losses.SphereFaceLoss(num_classes=C, embedding_size=DIM, margin=m)
    peer = with_weights(peer, w, transpose=True)
    same(
        lambda x: sphereface_loss(similarity(x, w), x.norm(dim=1), Y, m=m),
        lambda x: peer(x, Y),
        z,
    )


def test_the_peers_arcface_is_nan_on_the_class_weight():
    w = torch.eye(C, DIM)
    z = w[:3].clone().requires_grad_()
    labels = torch.tensor([0, 1, 2])
    peer = losses.ArcFaceLoss(num_classes=C, embedding_size=DIM)
    with_weights(peer, w, transpose=True)(z, labels).backward()
    assert z.grad.isnan().any()
    point = z.detach().requires_grad_()
    arcface_loss(similarity(point, w), labels).backward()
    assert point.grad.isfinite().all()
