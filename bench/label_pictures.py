"""Pictures of networks without their labels, to check Gyre's labels by human readings.

Draws networks of some runs, each pair of outcome and motion by its share, and makes one picture of each from its trace.
A reader names outcome and motion by docs/concepts/events-and-labels.md alone. The key says what Gyre calls them, and
stays away from the pictures. Every number in a picture comes from the trace, none from what Gyre made of it, except for
V, the number of epochs and whether batches are shuffled. With --gyre the epochs around the largest loss of each tail are
replayed, so that a reader sees whether the loss stays low between two rises: buckets hide this.

    pip install -r bench/requirements.txt
    python bench/label_pictures.py RUN... --out PICTURES --key key.json --gyre 'npx gyre'
    python bench/label_pictures.py --compare key.json reading-a.csv reading-b.csv
"""

import argparse
import json
import pathlib
import random
import shlex
import subprocess
import tempfile

import matplotlib
import numpy
import pyarrow.dataset
import pyarrow.feather
from matplotlib import pyplot
from PIL import Image

import label_agreement

matplotlib.use("Agg")

FLOOR, TRAINED, EXPLODED = 1e-10, 0.1, 10  # of V
SPIKE_HEIGHT = 4
FLIP = -0.5
FROZEN_EPOCHS = 1000
PICTURES_PER_RUN = 30
PICTURES_PER_SHEET, SHEET_COLUMNS = 6, 2
SIZE_INCHES, DPI = (9, 7), 100
FLIP_BINS = 60
ZOOM_EPOCHS = 200  # on each side of the largest loss of the tail
SPIKE_FALL = 1.25


def main():
    options = parse_arguments()
    if options.compare:
        result = label_agreement.compare(options.compare[0], options.compare[1:])
        print(json.dumps(result) if options.json else label_agreement.text_of(result))
        return
    options.out.mkdir(parents=True, exist_ok=True)
    drawn = draw_networks(options.runs, options.networks, options.seed)
    names = [str(i).zfill(max(2, len(str(len(drawn))))) for i in range(1, len(drawn) + 1)]
    traces = {run: read_traces(run, [row["network"] for row in drawn if row["run"] == run]) for run in options.runs}
    for name, row in zip(names, drawn):
        trace = traces[row["run"]][row["network"]]
        zoom = None if options.gyre is None else replay_around_peak(options.gyre, row, trace)
        make_picture(options.out / f"{name}.png", name, row, trace, zoom)
    for start in range(0, len(names), PICTURES_PER_SHEET):
        make_sheet(options.out, names[start : start + PICTURES_PER_SHEET])
    columns = ("run", "network", "outcome", "motion")
    key = {"seed": options.seed, "pictures": []}
    key["pictures"] = [
        {"picture": name} | {c: str(row[c]) if c == "run" else row[c] for c in columns}
        for name, row in zip(names, drawn)
    ]
    options.key.write_text(json.dumps(key, indent=1) + "\n")
    print(f"{len(names)} pictures in {options.out}, key in {options.key}")


def parse_arguments():
    parser = argparse.ArgumentParser(description="Draws networks without their labels, or compares readings of them.")
    parser.add_argument("runs", nargs="*", type=pathlib.Path, metavar="RUN", help="folder of a run")
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", help="folder of the pictures")
    parser.add_argument("--key", type=pathlib.Path, metavar="FILE", help="where the labels go, outside of --out")
    parser.add_argument(
        "--networks",
        type=int,
        metavar="N",
        help=f"networks of all runs together, divided evenly (default: {PICTURES_PER_RUN} per run)",
    )
    parser.add_argument("--gyre", type=shlex.split, metavar="COMMAND", help="replays the epochs around each largest loss")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw (default: 0)")
    parser.add_argument("--compare", nargs="+", metavar="FILE", help="a key and at least one reading")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    options = parser.parse_args()
    if options.compare:
        if len(options.compare) < 2 or options.runs:
            parser.error("--compare: expected a key and at least one reading, and no run")
        return options
    if not options.runs or options.out is None or options.key is None:
        parser.error("expected at least one RUN, --out and --key")
    if options.key.resolve().parent == options.out.resolve():
        parser.error(f"--key: got {options.key}, expected a file outside of {options.out}, which readers see")
    options.runs = list(dict.fromkeys(options.runs))
    if options.networks is None:
        options.networks = PICTURES_PER_RUN * len(options.runs)
    return options


def draw_networks(runs, count, seed):
    """Rows of networks.arrow with their `run`, in random order. Runs have equal shares, and so have strata of a run.

    A stratum is a pair of outcome and motion. Strata give one network in turn until the share of the run is reached, so
    a small stratum gives all of its networks and the others fill its share.
    """
    generator = random.Random(seed)
    drawn = []
    for i, run in enumerate(runs):
        share = count * (i + 1) // len(runs) - count * i // len(runs)
        strata = {}
        for row in pyarrow.feather.read_table(run / "networks.arrow").to_pylist():
            row["motion"] = row["motion"] or "none"
            if row["outcome"] not in (None, "failed"):
                strata.setdefault((row["outcome"], row["motion"]), []).append(row | {"run": run})
        queues = [generator.sample(rows, len(rows)) for _, rows in sorted(strata.items())]
        generator.shuffle(queues)
        turns = [row for turn in range(share) for queue in queues if turn < len(queue) for row in [queue[turn]]]
        drawn += turns[:share]
    generator.shuffle(drawn)
    return drawn


def read_traces(run, networks):
    """{network: {column: array}} of the table epochs, in the order of epochs."""
    table = pyarrow.dataset.dataset(run / "epochs", format="ipc")
    rows = table.to_table(filter=pyarrow.dataset.field("network").isin(networks)).sort_by(
        [("network", "ascending"), ("epoch", "ascending")]
    )
    columns = {name: rows[name].to_numpy() for name in rows.column_names}
    return {
        network: {name: values[columns["network"] == network] for name, values in columns.items()}
        for network in networks
    }


def tail_of(network, trace):
    return {column: values[trace["epoch"] > 0.8 * network["epochs"]] for column, values in trace.items()}


def replay_around_peak(gyre, network, trace):
    """Epochs and losses, each epoch, around the largest finite loss of the tail; None without one."""
    epochs, tail = network["epochs"], tail_of(network, trace)
    largest = numpy.where(numpy.isfinite(tail["loss_max"]), tail["loss_max"], -numpy.inf)
    if not numpy.isfinite(largest.max()):
        return None
    peak = int(tail["epoch"][largest.argmax()])
    first = max(round(0.8 * epochs) + 1, min(peak - ZOOM_EPOCHS, epochs - 2 * ZOOM_EPOCHS))
    chosen = ["--network", str(network["network"]), "--epochs", f"{first}..{min(epochs, first + 2 * ZOOM_EPOCHS)}"]
    with tempfile.TemporaryDirectory() as folder:
        command = [*gyre, "replay", str(network["run"]), *chosen, "--threads", "1", "--out", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        [path] = pathlib.Path(folder).rglob("*.arrow")
        window = pyarrow.feather.read_table(path, columns=["epoch", "loss"])
    return window["epoch"].to_numpy(), window["loss"].to_numpy()


def make_picture(path, name, network, trace, zoom):
    """Writes the picture of one network: the loss of all epochs, of the tail, around its largest, and its flips."""
    epochs = network["epochs"]
    tail = tail_of(network, trace)
    rows = 3 if zoom is None else 4
    height = SIZE_INCHES if zoom is None else (SIZE_INCHES[0], SIZE_INCHES[1] + 2)
    figure, (whole, close, *closer, flips) = pyplot.subplots(
        rows, 1, figsize=height, height_ratios=(5, 4, *([3] * (rows - 3)), 1.3)
    )
    figure.subplots_adjust(left=0.115, right=0.865, top=0.95, bottom=0.065, hspace=0.38)
    draw_whole(whole, network, trace)
    whole.set_title(f"{name}: loss of all {epochs} epochs", loc="left", fontsize=10)
    draw_tail(close, network, tail)
    if zoom is not None:
        draw_zoom(closer[0], network, *zoom)
    draw_flips(flips, network, trace, tail)
    for axes in (whole, close, *closer, flips):
        axes.tick_params(labelsize=8)
    figure.savefig(path, dpi=DPI)
    pyplot.close(figure)


def draw_whole(axes, network, trace):
    """The loss of all epochs, with V and its multiples, the first loss, the smallest loss and that of the end."""
    epochs, variance = network["epochs"], network["target_variance"]
    draw_loss(axes, network, trace)
    axes.axvspan(0.8 * epochs, epochs, color="#eeeeee", zorder=0)
    smallest = _log(network, trace["loss_min"])
    first = _log(network, network["loss_first"])
    in_sight = [v for v in (first, *_log(network, trace["loss_max"]), *smallest) if numpy.isfinite(v)]
    if numpy.isfinite(first):
        axes.plot([1], [first], "o", color="black", ms=6, clip_on=False, label="first loss", zorder=4)
    if numpy.isfinite(smallest).any():
        at = numpy.nanargmin(numpy.where(numpy.isfinite(smallest), smallest, numpy.nan))
        axes.plot(
            trace["epoch"][at], smallest[at], "v", color="#007700", ms=7, label="smallest loss of the run", zorder=4
        )
    end = trace["epoch"] > epochs - max(100, 0.01 * epochs)
    ending = _smallest(network, trace, end)
    axes.plot(
        [epochs],
        [ending],
        "<",
        color="#cc0000",
        ms=8,
        clip_on=False,
        zorder=4,
        label="smallest loss of the end (last 1 %)",
    )
    draw_lost_numbers(axes, trace)
    low, high = min(in_sight + [numpy.log10(TRAINED * variance)]), max(in_sight + [numpy.log10(variance)])
    margin = 0.06 * max(high - low, 0.5)
    lines = {"V": variance, "0.1 V": TRAINED * variance, "10 V": EXPLODED * variance, "floor": FLOOR * variance}
    for label, value in ((label, numpy.log10(value)) for label, value in lines.items()):
        if low - margin <= value <= high + margin:
            axes.axhline(value, color="#cc5500" if label == "0.1 V" else "#888888", lw=1, ls="--", zorder=1)
            axes.annotate(label, (1.03, value), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    axes.set(xlim=(0, epochs), ylim=(low - margin, high + margin), ylabel="log10 loss")
    axes.grid(axis="y", color="#dddddd", lw=0.6, zorder=0)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.3, 0.995),
        ncols=3,
        fontsize=8,
        frameon=False,
        borderpad=0,
        handletextpad=0.2,
        columnspacing=1,
    )


def draw_tail(axes, network, tail):
    """The loss of the tail by itself, its range, and the smallest losses of its first quarter and of the last 5 %."""
    epochs = network["epochs"]
    draw_loss(axes, network, tail)
    axes.set_facecolor("#f7f7f7")
    values = numpy.concatenate([_log(network, tail["loss_min"]), _log(network, tail["loss_max"])])
    values = values[numpy.isfinite(values)]
    title = "tail: no finite loss"
    if len(values) > 0:
        low, high = values.min(), values.max()
        head = _smallest(network, tail, tail["epoch"] <= 0.85 * epochs)
        last = _smallest(network, tail, tail["epoch"] > 0.95 * epochs)
        bar = {"lw": 3, "zorder": 4, "clip_on": False, "solid_capstyle": "butt"}
        axes.plot([0.8 * epochs, 0.85 * epochs], [head, head], color="#007700", **bar)
        axes.plot([0.95 * epochs, epochs], [last, last], color="#cc0000", **bar)
        title = f"tail: range {_decades(high - low)} decades; smallest loss of the last 5 % of epochs (red) = "
        title += f"{10 ** (last - head):.4g} × that of the tail's first quarter (green)"
        margin = max(0.07 * (high - low), 1e-6)
        axes.set_ylim(low - margin, high + margin)
        axes.set_ylabel(f"log10 loss ({_decades(high - low)} decades)", fontsize=9)
        if high - low > 0.3:
            _draw_scale(axes, low, high)
    draw_lost_numbers(axes, tail)
    axes.set_title(title, loc="left", fontsize=9)
    axes.set_xlim(0.8 * epochs, epochs)
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.grid(color="#dddddd", lw=0.6, zorder=0)


def draw_zoom(axes, network, epochs, losses):
    """Each epoch around the largest loss of the tail, with what a spike must fall to and rise to from the smallest."""
    values = _log(network, losses)
    axes.plot(epochs, values, color="#1a3f6b", lw=0.8, marker=".", ms=2)
    low, high = numpy.nanmin(values), numpy.nanmax(values)
    for factor in (SPIKE_FALL, SPIKE_HEIGHT):
        at = low + numpy.log10(factor)
        if at <= high + 0.1 * (high - low):
            axes.axhline(at, color="#888888", lw=0.8, ls=":")
            axes.annotate(f"{factor}×", (1.03, at), xycoords=("axes fraction", "data"), va="center", fontsize=8)
    axes.set_title(
        f"each epoch around the largest loss of the tail; dotted: {SPIKE_FALL} and {SPIKE_HEIGHT} times the smallest here",
        loc="left",
        fontsize=9,
    )
    axes.set(xlim=(epochs[0], epochs[-1]), ylabel="log10 loss")
    axes.ticklabel_format(axis="both", useOffset=False)
    axes.grid(color="#dddddd", lw=0.6, zorder=0)


def draw_flips(axes, network, trace, tail):
    """Two shares of flips over the tail, since a bucket tells its last epoch and whether it has any; and the freeze."""
    epochs = network["epochs"]
    at_last, anywhere = tail["update_cosine"] < FLIP, tail["update_cosine_min"] < FLIP
    edges = numpy.linspace(0.8 * epochs, epochs, min(FLIP_BINS, len(tail["epoch"])) + 1)
    bins = numpy.clip(numpy.searchsorted(edges, tail["epoch"], side="left") - 1, 0, len(edges) - 2)
    rows = numpy.maximum(numpy.bincount(bins, minlength=len(edges) - 1), 1)
    for flipped, color in ((anywhere, "#c6d8ee"), (at_last, "#225599")):
        axes.stairs(numpy.bincount(bins, flipped, len(edges) - 1) / rows, edges, fill=True, color=color)
    axes.set(xlim=(0.8 * epochs, epochs), ylim=(0, 1.02), ylabel="flips")
    axes.set_yticks([0, 0.5, 0.9])
    axes.grid(axis="y", color="#bbbbbb", lw=0.6)
    every = int(numpy.median(numpy.diff(trace["epoch"]))) if len(trace["epoch"]) > 1 else epochs
    title = f"flips in the tail: {_percent(at_last)} of sampled epochs (dark)"
    if every > 1:
        title += f", {_percent(anywhere)} of buckets of {every} epochs have one or more (light)"
    axes.set_title(title, loc="left", fontsize=9)
    if network["shuffle"] and network["batch"] < network["points"]:
        axes.text(
            0.5,
            0.5,
            "shuffled mini-batches",
            transform=axes.transAxes,
            ha="center",
            va="center",
            fontsize=14,
            bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "#888888"},
        )
    # An update between two sampled epochs shows in the cosine, which is NaN only where nothing moved.
    last = trace["epoch"] > epochs - FROZEN_EPOCHS
    still = (trace["changed_parameters"] == 0) & numpy.isnan(trace["update_cosine_min"])
    moving = (~still[last]).sum()
    text = f"changed_parameters\nin the last {FROZEN_EPOCHS}\nepochs: above 0 in\n{moving} of {last.sum()} buckets"
    if moving == 0:
        text = f"changed_parameters\nin the last {FROZEN_EPOCHS}\nepochs: always 0"
    axes.text(1.012, 1.05, text, transform=axes.transAxes, va="top", fontsize=7.5)


def draw_loss(axes, network, rows):
    """The band from the smallest to the largest loss of each bucket, and the loss of its last epoch in it."""
    low, high = _log(network, rows["loss_min"]), _log(network, rows["loss_max"])
    finite_high = numpy.where(numpy.isposinf(high), 400, high)
    axes.fill_between(rows["epoch"], low, finite_high, color="#7da7d9", edgecolor="#7da7d9", lw=0.8, zorder=2)
    axes.plot(rows["epoch"], _log(network, rows["loss"]), color="#1a3f6b", lw=0.6, zorder=3)


def draw_lost_numbers(axes, rows):
    """Shades the buckets whose loss or norms are NaN or ∞, and says where they begin."""
    norms = numpy.isfinite(rows["gradient_norm"]) & numpy.isfinite(rows["update_norm"])
    lost = (rows["loss_nan"] > 0) | (rows["loss_infinite"] > 0) | ~norms
    if not lost.any():
        return
    for epoch in rows["epoch"][lost]:
        axes.axvline(epoch, color="#ff0000", alpha=0.15, lw=1, zorder=1)
    axes.text(
        0.5,
        0.5,
        f"NaN or ∞ in {lost.sum()} buckets, the first at epoch {rows['epoch'][lost][0]}",
        transform=axes.transAxes,
        ha="center",
        color="#cc0000",
        fontsize=11,
        zorder=5,
    )


def make_sheet(folder, names):
    """Joins pictures to one sheet, named for its first and last picture: 01-06.png."""
    with Image.open(folder / f"{names[0]}.png") as picture:
        width, height = picture.size
    rows = -(-len(names) // SHEET_COLUMNS)
    sheet = Image.new("RGB", (width * SHEET_COLUMNS, height * rows), "white")
    for i, name in enumerate(names):
        with Image.open(folder / f"{name}.png") as picture:
            sheet.paste(picture, (i % SHEET_COLUMNS * width, i // SHEET_COLUMNS * height))
    sheet.save(folder / f"{names[0]}-{names[-1]}.png")


def _smallest(network, rows, chosen):
    """log10 of the smallest finite loss of the chosen buckets; NaN without one."""
    values = _log(network, rows["loss_min"][chosen])
    values = values[numpy.isfinite(values)]
    return values.min() if len(values) > 0 else numpy.nan


def _draw_scale(axes, low, high):
    """Bars beside the tail as tall as a rise by 2 and by 4, where these fit into its range."""
    for x, factor in ((1.025, 2), (1.065, SPIKE_HEIGHT)):
        if numpy.log10(factor) < high - low:
            axes.plot(
                [x, x],
                [low, low + numpy.log10(factor)],
                transform=axes.get_yaxis_transform(),
                color="black",
                lw=2,
                clip_on=False,
                solid_capstyle="butt",
            )
            axes.text(
                x,
                low,
                f"{factor}×\n",
                transform=axes.get_yaxis_transform(),
                va="top",
                ha="center",
                fontsize=8,
                linespacing=0.2,
            )


def _log(network, loss):
    """log10 of losses, raised to the floor below which they count as equal. NaN and ∞ stay."""
    return numpy.log10(numpy.maximum(loss, FLOOR * network["target_variance"]))


def _decades(range_):
    return f"{range_:.2f}" if range_ >= 0.1 else f"{range_:.2g}"


def _percent(flags):
    return f"{100 * flags.mean():.3g} %" if len(flags) > 0 else "–"


if __name__ == "__main__":
    main()
