"""The `transformers` package's Decision Transformer, for `just_ask_parity.py` and `just_ask_speed.py`.

    python _decision_child.py compare IN.npz OUT.npz [IN.npz OUT.npz …]
    python _decision_child.py train IN.npz CORES
    python _decision_child.py product N REPEATS CORES

Run by an interpreter that has torch and transformers; it needs nothing of explora. `compare` gives it weights by a
seed, none of them at a neutral value, and writes down weights, actions, loss and gradients of a batch. `train` learns
from the batches in turn, as often as it is told to go on; `product` multiplies matrices.
"""

import json
import sys
from typing import Any

import numpy as np
import torch
from _protocol import Worker
from transformers import DecisionTransformerConfig, DecisionTransformerModel


def model(given: dict[str, np.ndarray]) -> Any:
    """One of the sizes that `given` says, without dropout."""
    wish = json.loads(str(given["settings"]))
    torch.manual_seed(wish.pop("seed"))
    none = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0}
    return DecisionTransformerModel(DecisionTransformerConfig(**wish, **none))


def batch(given: dict[str, np.ndarray], name: str, number: int = 0) -> dict[str, Any]:
    """One batch of those called `name`, as the model takes it."""
    entries = ("states", "actions", "returns_to_go", "timesteps", "attention_mask")
    found = {entry: torch.from_numpy(np.array(given[f"{name}/{entry}"][number])) for entry in entries}
    return found | {"rewards": torch.zeros_like(found["returns_to_go"])}


def loss_of(net: Any, one: dict[str, Any], masked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The published loss, over the steps that count, and the actions of all steps."""
    wanted = one["actions"]
    found = net(**{**one, "actions": torch.where(masked[..., None], wanted, torch.tensor(-10.0))})[1]
    if net.config.action_tanh:
        return ((found[masked] - wanted[masked]) ** 2).mean(), found
    return torch.nn.functional.cross_entropy(found[masked], wanted[masked].argmax(-1)), found


def compare(source: str, target: str) -> None:
    """Writes down what the model makes of each batch, and with which weights."""
    torch.set_num_threads(1)
    given = dict(np.load(source))
    net = model(given).train()  # there is no dropout that this could switch on
    with torch.no_grad():
        for weight in net.parameters():
            weight += 0.05 * torch.randn_like(weight)
    made = {f"weight/{name}": weight.detach().numpy() for name, weight in net.state_dict().items()}
    for name in ("left", "right"):
        one = batch(given, name)
        net.zero_grad()
        loss, actions = loss_of(net, one, one["attention_mask"] > 0)
        loss.backward()
        made |= {f"{name}/loss": loss.detach().numpy(), f"{name}/actions": actions.detach().numpy()}
        made |= {
            f"{name}/gradient/{each}": weight.grad.numpy()
            for each, weight in net.named_parameters()
            if weight.grad is not None
        }
    with torch.no_grad():
        acted = [net(**batch(given, "acted", number))[1][:, -1] for number in range(len(given["acted/states"]))]
    np.savez(target, **made, acted=torch.stack(acted).numpy())


def train(source: str, cores: int) -> None:
    """Learns from the batches in turn: gradient, clipping, AdamW, as published."""
    worker = Worker()
    torch.set_num_threads(cores)
    given = dict(np.load(source))
    net = model(given).train()
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-4, weight_decay=1e-4)
    batches = [batch(given, "left", number) for number in range(len(given["left/states"]))]
    while True:
        for one in batches:
            optimiser.zero_grad(set_to_none=True)
            loss, _ = loss_of(net, one, one["attention_mask"] > 0)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 0.25)
            optimiser.step()
        worker.done(float(sum(one["attention_mask"].sum() for one in batches)), loss=float(loss.detach()))


def product(size: int, repeats: int, cores: int) -> None:
    """Multiplies two square matrices of 32-bit floats."""
    worker = Worker()
    torch.set_num_threads(cores)
    left, right = torch.randn(size, size), torch.randn(size, size)
    while True:
        for _ in range(repeats):
            torch.matmul(left, right)
        worker.done(2.0 * size**3 * repeats)


if __name__ == "__main__":
    what, *given = sys.argv[1:]
    if what == "compare":
        for source, target in zip(given[::2], given[1::2]):
            compare(source, target)
    elif what == "train":
        train(given[0], int(given[1]))
    else:
        product(*(int(each) for each in given))
