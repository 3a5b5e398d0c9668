"""Trains with DistributedDataParallel on processors; prints a checksum of rank 0."""

import sys
from pathlib import Path

import torch
from torch import distributed, nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

from greenops.torch import resumable

EPOCHS = 3


def main() -> None:
    """Train; pause where `pause-<rank>` says so: `STEP` in that file."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.Linear(16, 2))
    data = TensorDataset(torch.randn(48, 4), torch.arange(48) % 2)
    sampler = DistributedSampler(data, seed=3)
    loader = DataLoader(data, 4, sampler=sampler)
    parallel = nn.parallel.DistributedDataParallel(model)
    optimizer = torch.optim.AdamW(parallel.parameters(), 1e-2)
    torch.manual_seed(rank)
    run = resumable(model=parallel, optimizer=optimizer, loader=loader)
    mark = Path(sys.argv[1]) / f"pause-{rank}"
    for epoch in run.epochs(EPOCHS):
        sampler.set_epoch(epoch)
        for x, y in run.batches(loader):
            noise = 0.01 * torch.rand(())
            loss = nn.functional.cross_entropy(parallel(x + noise), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if mark.exists() and run.step + 1 == int(mark.read_text()):
                mark.unlink()
                run.pause()
    if rank == 0:
        total = sum(p.double().sum().item() for p in model.state_dict().values())
        print(f"step {run.step} sum {total!r} resumed {run.resumed}")
    distributed.destroy_process_group()


main()
