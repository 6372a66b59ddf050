#!/usr/bin/env python3
"""Mints the reference traces `more_*.json` with NEST 3.10.

Not needed to run the tests. To mint again:

    python3 -m venv venv && venv/bin/pip install nest-simulator==3.10.0 numpy
    venv/bin/python models/tests/mint_reference.py models/tests/reference

Each file holds model, resolution, the parameters that differ from NEST's defaults, initial values,
stimulus (a current step; excitatory and inhibitory spike trains with weight and delay), the spike
times of 200 ms and every fifth sample of the recorded quantities, to seven digits after the point.

NEST's Hodgkin-Huxley models accept an error of 1e-3 in a gating variable per solver step, which at a
resolution of 0.1 ms becomes 2e-2 mV in the potential. Their traces are minted at a resolution of
0.01 ms, where halving it changes nothing any more; their spike times, which a maximum between two
steps defines, at 0.1 ms.
"""

import json
import pathlib
import sys

import nest

EXC = [10.0, 12.0, 12.5, 20.0, 20.1, 35.0, 60.0, 60.0, 61.3, 90.0, 130.0, 131.0, 132.0, 150.5]
INH = [15.0, 40.0, 41.0, 75.0, 76.0, 77.0, 160.0]
EVERY = 5


def whole(times, dt):
    """Spike times on the grid of `dt`."""
    return [round(round(t / dt) * dt, 6) for t in times]


def mint(model, params, dt=0.1, T=200.0, dc=None, exc=0.0, inh=0.0, delay=1.0, solver_dt=None, record=()):
    """One neuron under one stimulus, as a dictionary ready to be written."""
    nest.ResetKernel()
    nest.resolution = solver_dt or dt
    neuron = nest.Create(model, params=params)
    names = neuron.get()
    init = {name: names[name] for name in ("V_m", "U_m", "w", "Act_m", "Inact_h", "Act_n") if name in names}
    stimulus = {}
    for name, weight, times in (("exc", exc, EXC), ("inh", inh, INH)):
        if weight:
            times = whole(times, dt)
            source = nest.Create("spike_generator", params={"spike_times": times, "allow_offgrid_times": False})
            nest.Connect(source, neuron, syn_spec={"weight": weight, "delay": delay})
            stimulus[name] = {"times": times, "weight": weight, "delay": delay}
    if dc:
        source = nest.Create("dc_generator", params={"amplitude": dc, "start": 20.0, "stop": 120.0})
        nest.Connect(source, neuron, syn_spec={"delay": dt})
        stimulus["dc"] = {"amplitude": dc, "start": 20.0, "stop": 120.0, "delay": dt}
    recorder = nest.Create("spike_recorder")
    nest.Connect(neuron, recorder)
    samples = {}
    if record:
        meter = nest.Create("multimeter", params={"record_from": list(record), "interval": EVERY * dt})
        nest.Connect(meter, neuron)
    nest.Simulate(T)
    if record:
        samples = {name: [round(float(x), 7) for x in meter.events[name]] for name in record}
    return {
        "kind": "neuron",
        "model": model,
        "simulator": "NEST " + nest.__version__,
        "dt": dt,
        "T": T,
        "params": params,
        "init": init,
        "stimulus": stimulus,
        "spikes": [round(float(t), 6) for t in recorder.events["times"]],
        "times": [round(float(t), 6) for t in meter.events["times"]] if record else [],
        "traces": samples,
    }


V = ("V_m",)
VW = ("V_m", "w")
STRONG = {"dc": 700.0, "exc": 1200.0, "inh": -900.0}
BURST = {"V_reset": -46.0, "b": 60.0, "tau_w": 40.0, "a": 2.0}
REGULAR = {"C_m": 200.0, "g_L": 12.0, "E_L": -70.0, "V_reset": -58.0, "a": 2.0, "b": 60.0, "tau_w": 300.0, "V_th": -50.0}

CASES = {
    "iaf_psc_delta_slow_fine": ("iaf_psc_delta", {"tau_m": 40.0, "V_min": -75.0, "t_ref": 0.5}, dict(dt=0.05, dc=210.0, exc=6.0, inh=-9.0, record=V)),
    "iaf_psc_delta_keeps_input": ("iaf_psc_delta", {"refractory_input": True, "t_ref": 5.0, "I_e": 300.0}, dict(dc=300.0, exc=9.0, inh=-4.0, record=V)),
    "iaf_psc_delta_coarse": ("iaf_psc_delta", {"t_ref": 3.0, "E_L": -65.0, "V_reset": -67.0, "V_th": -50.0}, dict(dt=1.0, dc=500.0, exc=5.0, inh=-3.0, record=V)),
    "iaf_psc_exp_equal_taus": ("iaf_psc_exp", {"tau_syn_ex": 10.0, "tau_syn_in": 10.0}, dict(dc=400.0, exc=200.0, inh=-100.0, record=V)),
    "iaf_psc_exp_slow_fine": ("iaf_psc_exp", {"tau_m": 50.0, "C_m": 300.0, "tau_syn_ex": 0.5, "tau_syn_in": 20.0, "I_e": 50.0}, dict(dt=0.05, dc=110.0, exc=300.0, inh=-60.0, record=V)),
    "iaf_psc_exp_strong": ("iaf_psc_exp", {"I_e": 900.0, "t_ref": 0.0, "V_reset": -62.0}, dict(record=V, **STRONG)),
    "iaf_psc_exp_coarse": ("iaf_psc_exp", {"I_e": -100.0, "t_ref": 1.0, "tau_m": 20.0}, dict(dt=1.0, dc=500.0, exc=900.0, inh=-300.0, record=V)),
    "iaf_psc_alpha": ("iaf_psc_alpha", {}, dict(dc=380.0, exc=300.0, inh=-300.0, record=V)),
    "iaf_psc_alpha_equal_taus": ("iaf_psc_alpha", {"tau_syn_ex": 10.0, "tau_syn_in": 10.0, "I_e": -50.0}, dict(dc=420.0, exc=150.0, inh=-90.0, record=V)),
    "iaf_psc_alpha_bounded": ("iaf_psc_alpha", {"V_min": -72.0, "tau_m": 30.0, "tau_syn_ex": 0.3, "tau_syn_in": 5.0}, dict(dt=0.05, dc=300.0, exc=1500.0, inh=-900.0, record=V)),
    "iaf_psc_alpha_coarse": ("iaf_psc_alpha", {"t_ref": 4.0, "tau_syn_ex": 3.0}, dict(dt=1.0, dc=450.0, exc=400.0, inh=-200.0, record=V)),
    "mat2_psc_exp": ("mat2_psc_exp", {}, dict(dc=450.0, exc=600.0, inh=-300.0, record=("V_m", "V_th"))),
    "mat2_psc_exp_bursting": ("mat2_psc_exp", {"alpha_1": 7.5, "alpha_2": -0.5, "tau_m": 15.0, "omega": -53.0, "I_e": 20.0, "E_L": -68.0}, dict(dt=0.05, dc=150.0, exc=500.0, inh=-200.0, record=("V_m", "V_th"))),
    "izhikevich_chattering": ("izhikevich", {"c": -50.0, "d": 2.0}, dict(dc=10.0, exc=4.0, inh=-6.0, record=("V_m", "U_m"))),
    "izhikevich_fast": ("izhikevich", {"a": 0.1, "b": 0.25, "d": 2.0, "V_min": -80.0, "I_e": 3.0}, dict(dt=0.05, dc=12.0, exc=8.0, inh=-20.0, record=("V_m", "U_m"))),
    "izhikevich_of_2003": ("izhikevich", {"consistent_integration": False}, dict(dt=1.0, dc=6.0, exc=3.0, inh=-5.0, record=("V_m", "U_m"))),
    "iaf_cond_exp_strong": ("iaf_cond_exp", {"I_e": 300.0, "t_ref": 0.5, "tau_syn_ex": 1.0, "tau_syn_in": 5.0}, dict(dc=400.0, exc=80.0, inh=-120.0, record=V)),
    "iaf_cond_exp_inhibited": ("iaf_cond_exp", {"E_in": -70.0, "V_reset": -75.0, "t_ref": 4.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "I_e": -50.0}, dict(dc=600.0, exc=10.0, inh=-40.0, record=V)),
    "iaf_cond_alpha": ("iaf_cond_alpha", {}, dict(dc=300.0, exc=10.0, inh=-10.0, record=("V_m", "g_ex", "g_in"))),
    "iaf_cond_alpha_strong": ("iaf_cond_alpha", {"tau_syn_ex": 2.0, "tau_syn_in": 6.0, "I_e": 150.0, "t_ref": 1.0}, dict(dc=400.0, exc=15.0, inh=-30.0, record=V)),
    "aeif_psc_exp_refractory": ("aeif_psc_exp", {"t_ref": 2.0, "I_e": 400.0, "tau_syn_ex": 2.0}, dict(dc=700.0, exc=300.0, inh=-200.0, record=VW)),
    "aeif_psc_exp_bursting": ("aeif_psc_exp", BURST, dict(dc=900.0, exc=200.0, inh=-150.0, record=VW)),
    "aeif_psc_exp_regular": ("aeif_psc_exp", dict(REGULAR, I_e=300.0, tau_syn_ex=3.0), dict(dc=300.0, exc=100.0, inh=-100.0, record=VW)),
    "aeif_cond_exp_refractory": ("aeif_cond_exp", {"t_ref": 3.0, "I_e": 600.0, "tau_syn_ex": 2.0}, dict(dc=700.0, exc=20.0, inh=-15.0, record=VW)),
    "aeif_cond_exp_bursting": ("aeif_cond_exp", dict(BURST, tau_syn_in=8.0), dict(dc=900.0, exc=15.0, inh=-10.0, record=VW)),
    "aeif_cond_exp_strong": ("aeif_cond_exp", {"I_e": 1500.0, "V_peak": 20.0, "Delta_T": 1.0, "tau_w": 30.0}, dict(dc=1000.0, exc=100.0, inh=-80.0, record=VW)),
    "aeif_cond_exp_low_peak": ("aeif_cond_exp", {"V_peak": -20.0, "Delta_T": 2.5, "a": -2.0, "I_e": 500.0}, dict(dc=500.0, exc=12.0, inh=-12.0, record=VW)),
    "aeif_cond_exp_without_exponential": ("aeif_cond_exp", {"Delta_T": 0.0, "t_ref": 1.0, "I_e": 450.0}, dict(dc=500.0, exc=15.0, inh=-10.0, record=VW)),
    "aeif_cond_alpha": ("aeif_cond_alpha", {}, dict(dc=700.0, exc=10.0, inh=-10.0, record=("V_m", "w", "g_ex", "g_in"))),
    "aeif_cond_alpha_regular": ("aeif_cond_alpha", dict(REGULAR, I_e=300.0, tau_syn_ex=3.0, t_ref=1.5), dict(dc=300.0, exc=6.0, inh=-8.0, record=VW)),
    "aeif_cond_alpha_bursting": ("aeif_cond_alpha", dict(BURST, tau_syn_ex=1.0), dict(dc=900.0, exc=10.0, inh=-10.0, record=VW)),
    "hh_psc_alpha_driven": ("hh_psc_alpha", {"I_e": 900.0, "tau_syn_ex": 1.0}, dict(solver_dt=0.01, dc=600.0, exc=400.0, inh=-500.0, record=V)),
    "hh_psc_alpha_rebound": ("hh_psc_alpha", {"tau_syn_in": 8.0, "I_e": -100.0}, dict(solver_dt=0.01, exc=900.0, inh=-900.0, record=V)),
    "hh_cond_exp_traub": ("hh_cond_exp_traub", {}, dict(solver_dt=0.01, dc=300.0, exc=20.0, inh=-20.0, record=V)),
    "hh_cond_exp_traub_strong": ("hh_cond_exp_traub", {"I_e": 600.0, "t_ref": 1.0}, dict(solver_dt=0.01, dc=800.0, exc=60.0, inh=-70.0, record=V)),
    "ignore_and_fire": ("ignore_and_fire", {"rate": 70.0, "phase": 0.3}, dict(exc=100.0)),
    "ignore_and_fire_first_step": ("ignore_and_fire", {"rate": 45.0, "phase": 1e-6}, dict(exc=100.0)),
}


def main():
    """Writes every case below the folder named on the command line."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    out = pathlib.Path(sys.argv[1])
    wanted = sys.argv[2:]
    for name, (model, params, how) in CASES.items():
        if wanted and name not in wanted:
            continue
        found = mint(model, params, **how)
        if how.pop("solver_dt", None):
            found["spikes"] = mint(model, params, **how)["spikes"]
        (out / f"more_{name}.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")
        print(name, len(found["spikes"]), "spikes")


if __name__ == "__main__":
    main()
