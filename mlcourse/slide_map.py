"""The second table of the README: from a slide to its code, its lecture, its tasks.

The course follows the slides "Introduction to Similarity and Deep Metric Learning" by
B. Ommer. What is named here exists: a test imports each name and finds each heading.
"""

from pathlib import Path

HEAD = "| slide | works | code | lecture | tasks |\n|---|---|---|---|---|"
#: slide, works that it cites, names in mlcourse, lecture and section, tasks
SLIDES = (
    ("Relations: classification, density, retrieval", "",
     "relations.knn_predict parzen_density retrieve",
     "01 Retrieval", "01.1 01.2 01.3"),
    ("Relations: grouping", "",
     "relations.group",
     "01 Grouping", "01.5 15.1"),
    ("Relations: visualisation", "van der Maaten & Hinton JMLR'08",
     "relations.tsne tsne_objective",
     "01 A map", "01.4 01.6"),
    ("Learning an embedding: find better features", "",
     "networks.mlp convnet, invariances.train_encoder",
     "02 What a feature keeps", "02.1 02.3"),
    ("Variation within a class", "Esteva Nature'17",
     "datasets.glyphs, invariances.remaining_variance",
     "02 One class, many faces", "02.2"),
    ("Keep what the task needs: equivalence classes", "Rombach ECCV'20",
     "invariances.ConditionalINN train_inn",
     "02 Invariance makes equivalence classes", "02.4 02.5 02.6"),
    ("What to retain: notions of similarity", "",
     "invariances.agreement",
     "02 Three notions of similarity", "02.7"),
    ("Metric and pseudo-metric: axioms", "",
     "distances.axiom_violations",
     "03 The axioms", "03.3 03.5"),
    ("Forms of supervision S, D, T", "Bellet, Habrard, Sebban arXiv:1306.6709",
     "judgements.similar_pairs dissimilar_pairs all_triplets closure",
     "04 Three ways to say alike", "04.1 04.2 04.3"),
    ("Mahalanobis: M = L'L, PSD, rank", "Xing NIPS'02",
     "linear.Whitening RCA LDA LFDA MMC ITML LMNN NCA project_psd",
     "05 Semi-definite and low rank", "05.1 05.2 05.3 05.4"),
    ("Without PSD: bilinear similarity", "Chechik JMLR'10",
     "linear.OASIS, distances.bilinear",
     "05 Without semi-definiteness", "05.5"),
    ("Kernel trick", "Chatpatanasiri Neurocomputing'10",
     "kernel.kernelize KernelMetric KernelCoordinates Nystroem",
     "06 The KPCA trick", "06.2 06.3 06.4 06.7"),
    ("Relations without labels",
     "Bautista NIPS'16; Milbich Pattern Recognition'20",
     "selfsupervised.grow_cliques assign_cliques reliable_relations",
     "15 Cliques", "15.2 15.3 15.4 15.5 15.8"),
    ("Deep metric learning in a nutshell", "Goldberger NIPS'04",
     "objective, training.train, regularizers.spread",
     "07 The formula", "07.2 07.3 07.7"),
    ("Objective: ranking", "Wu ICCV'17; Wang CVPR'19",
     "losses.contrastive_loss triplet_loss MarginLoss multi_similarity_loss",
     "08 Springs: the contrastive loss", "08.1 08.2 08.3 08.4"),
    ("Objective: proxies",
     "Movshovitz-Attias ICCV'17; Kim CVPR'20; Qian ICCV'19",
     "losses.proxy_nca_loss proxy_anchor_loss SoftTripleLoss",
     "09 The formulas", "09.2 09.3 09.4"),
    ("Objective: classification",
     "Liu ICML'16, CVPR'17; Wang CVPR'18; Deng CVPR'19",
     "losses.l_softmax_loss sphereface_loss cosface_loss arcface_loss",
     "10 The boundary moves", "10.2 10.3 10.4"),
    ("Sampling: in a batch", "Wu ICCV'17; Xuan WACV'20",
     "miners.semihard_triplets distance_weighted_triplets epshn_triplets",
     "11 Distance-weighted sampling", "11.3 11.4 11.5"),
    ("Sampling: global", "Ge ECCV'18; Harwood ICCV'17; Iscen CVPR'18",
     "samplers.HierarchicalBatches, miners.SmartMiner manifold_pools",
     "12 Classes that are neighbours", "12.2 12.3 12.4 12.5"),
    ("Sampling: negatives that nobody drew", "Duan CVPR'18; Zheng CVPR'19",
     "synthesis.DAML HDML",
     "12 Negatives that nobody drew", "12.8"),
    ("Ensembles",
     "Freund & Schapire JCSS'97; Guo & Gould'15; Opitz, Yuan ICCV'17; "
     "Sanakoyeu CVPR'19, PAMI'21",
     "ensembles.AdaBoost Independent BIER MultiExit DivideAndConquer",
     "13 Independent networks", "13.1 13.2 13.4 13.5 13.8"),
    ("Generalization",
     "Roth ICCV'19, ICML'20; Milbich PAMI'20, NeurIPS'21",
     "generalization.MIC DiVA ood_splits, evaluation.spectral_decay",
     "14 Growing shift", "14.1 14.2 14.3 14.5 14.8"),
    ("Summary: choose all four", "",
     "objective, samplers, ensembles, regularizers",
     "16 One formula, four choices", "16.5"),
)  # fmt: skip


def slide_map(root: Path) -> str:
    """The slides as a Markdown table, in their order, with what keeps their promise."""
    return "\n".join([HEAD, *(_row(root, *slide) for slide in SLIDES)])


def _row(root: Path, slide: str, works: str, code: str, at: str, tasks: str) -> str:
    number, section = at.split(" ", 1)
    lecture = f"{number} [{section}]({_path(root, 'lectures', number)})"
    graded = " ".join(_tasks(root, set_, tasks.split()) for set_ in _sets(tasks))
    return f"| {slide} | {works} | `{code}` | {lecture} | {graded} |"


def _sets(tasks: str) -> list[str]:
    return sorted({task[:2] for task in tasks.split()})


def _tasks(root: Path, exercise: str, tasks: list[str]) -> str:
    these = " ".join(task for task in tasks if task[:2] == exercise)
    return f"[{these}]({_path(root, 'exercises', exercise)})"


def _path(root: Path, folder: str, number: str) -> str:
    found = sorted((root / folder).glob(f"{number}_*.ipynb"))
    return f"{folder}/{found[0].name}" if found else ""
