"""One training on two ranks: `train_together.py ddp|spawn|fsdp`, a checksum at the end.

Started by torchrun, but for `spawn`, which starts its ranks itself.
"""

import hashlib
import os
import socket
import sys

import torch
from torch import distributed, nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

EPOCHS, SAMPLES, BATCH = 2, 40, 5


def train(kind):
    """Train this rank's part; print what came of it on the first one."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(SAMPLES, 4), torch.arange(SAMPLES) % 2)
    loader = DataLoader(data, BATCH, sampler=DistributedSampler(data, seed=3))
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    if kind == "fsdp":
        from torch.distributed.fsdp import fully_shard

        fully_shard(model, mesh=mesh())
    else:
        model = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(EPOCHS):
        for x, y in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        with torch.no_grad():
            for x, _ in DataLoader(data, 20):
                model(x)
    print_checksum(model)
    distributed.destroy_process_group()


def mesh():
    """Return both ranks, on processors."""
    from torch.distributed.device_mesh import init_device_mesh

    return init_device_mesh("cpu", (distributed.get_world_size(),))


def print_checksum(model):
    """Print a checksum of the whole parameters, once."""
    whole = [
        p.full_tensor() if hasattr(p, "full_tensor") else p for p in model.parameters()
    ]
    content = b"".join(p.detach().numpy().tobytes() for p in whole)
    if distributed.get_rank() == 0:
        print(hashlib.sha256(content).hexdigest())


def spawned(rank, port):
    """Run one rank that `spawn` has started."""
    os.environ |= {
        "RANK": str(rank),
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    train("spawn")


def main():
    """Train as asked."""
    if sys.argv[1] != "spawn":
        train(sys.argv[1])
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(spawned, (port,), nprocs=2)


if __name__ == "__main__":
    main()
