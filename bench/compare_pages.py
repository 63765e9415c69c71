#!/usr/bin/env python3
"""Compares how this product draws PDFs with poppler, side by side: likeness (SSIM at 72 dpi, first three pages) and time
(first ten pages at 150 dpi, uncompressed, whole processes, best of three in turns).

    cargo build --release --package jingui-pages --example draw_pages
    pip install numpy pillow
    python3 bench/compare_pages.py target/release/examples/draw_pages FOLDER_OF_PDFS > bench/PAGES.tsv
"""
import glob
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image

DRAW, FOLDER = sys.argv[1], sys.argv[2]


def grey(path):
    return np.asarray(Image.open(path).convert("L"), dtype=np.float64)


def box(a, n=7):
    c = np.cumsum(np.cumsum(np.pad(a, ((1, 0), (1, 0))), 0), 1)
    return (c[n:, n:] - c[:-n, n:] - c[n:, :-n] + c[:-n, :-n]) / (n * n)


def ssim(a, b):
    h, w = min(a.shape[0], b.shape[0]), min(a.shape[1], b.shape[1])
    a, b = a[:h, :w], b[:h, :w]
    ma, mb = box(a), box(b)
    va, vb, cov = box(a * a) - ma * ma, box(b * b) - mb * mb, box(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float((((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma**2 + mb**2 + c1) * (va + vb + c2))).mean())


def run(command):
    begun = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=300)
    return time.monotonic() - begun, done


def images(folder, ending):
    return sorted(glob.glob(os.path.join(folder, "*" + ending)))


print("file\tpages compared\tlowest SSIM\tmean SSIM\tpoppler s\tjingui s\tratio\tremark")
for path in sorted(glob.glob(os.path.join(FOLDER, "*.pdf"))):
    name = os.path.basename(path)
    with tempfile.TemporaryDirectory() as work:
        theirs, ours = os.path.join(work, "theirs"), os.path.join(work, "ours")
        os.mkdir(theirs), os.mkdir(ours)
        run(["pdftoppm", "-r", "72", "-l", "3", path, os.path.join(theirs, "p")])
        _, done = run([DRAW, path, ours, "72", "3", "ppm"])
        if done.returncode:
            print(f"{name}\t0\t\t\t\t\t\t{done.stderr.decode(errors='replace').strip()[:120]}", flush=True)
            continue
        pairs = list(zip(images(theirs, ".ppm"), images(ours, ".ppm")))
        likeness = [ssim(grey(a), grey(b)) for a, b in pairs]
        times = [[], []]
        for _ in range(3):
            times[0].append(run(["pdftoppm", "-r", "150", "-l", "10", path, os.path.join(theirs, "t")])[0])
            times[1].append(run([DRAW, path, ours, "150", "10", "ppm"])[0])
        poppler, jingui = min(times[0]), min(times[1])
        print(
            f"{name}\t{len(pairs)}\t{min(likeness):.3f}\t{np.mean(likeness):.3f}\t{poppler:.2f}\t{jingui:.2f}\t{jingui / poppler:.2f}\t",
            flush=True,
        )
