"""What kubectl makes of the files below deploy/kubernetes, without a cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import yaml

from deploy.built_image import REPOSITORY
from deploy.kubernetes_rules import Object

KUBERNETES = REPOSITORY / "deploy" / "kubernetes"
COMPONENTS = KUBERNETES / "components"
KUBECTL = Path(sys.executable).parent / "kubectl"


def kubectl(*words: str) -> str:
    """What kubectl prints, which is asked for nothing of a cluster."""
    environment = {**os.environ, "KUBECONFIG": os.devnull}
    answer = subprocess.run(
        [KUBECTL, *words], env=environment, capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    return answer.stdout


@cache
def _built(folder: str) -> str:
    return kubectl("kustomize", str(KUBERNETES / folder))


def built(folder: str) -> list[Object]:
    """The objects of a folder, as they would be applied."""
    return list(yaml.safe_load_all(_built(folder)))


def folders() -> list[str]:
    """All that can be built; a component is a part of others."""
    found = (path.parent for path in KUBERNETES.rglob("kustomization.yaml"))
    return sorted(str(one.relative_to(KUBERNETES)) for one in found if one.parent != COMPONENTS)


def components() -> list[str]:
    """What an overlay can be given in addition, by its name."""
    return sorted(path.parent.name for path in COMPONENTS.glob("*/kustomization.yaml"))
