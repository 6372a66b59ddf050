//! The time of a run: on all ranks together, from checkpoint to checkpoint, until the end or until someone stops it.

use std::ops::ControlFlow;

use engine::{Block, Simulation};
use models::units::Millis;
use scenarios::Plan;

use super::checkpoint::{Keeper, Spent};
use super::error::Error;
use super::progress::Progress;
use super::ranks::Ranks;
use super::recorder::{Asks, Recorder};
use super::run::{account, mean_phases};
use super::signals::Stop;

/// A simulation under way.
pub(super) struct Running<'a> {
    pub(super) simulation: Simulation,
    pub(super) plan: &'a Plan,
    /// On rank 0, which sees and writes what happens.
    pub(super) recorder: Option<Recorder<'a>>,
    pub(super) ranks: &'a Ranks,
    pub(super) progress: &'a Progress,
    /// What the process had spent before.
    pub(super) cpu_seconds: f64,
}

impl Running<'_> {
    /// Steps to the end, or until someone stops it, and makes the checkpoints on the way.
    pub(super) fn advance(&mut self, steps: u64, mut keeper: Option<&mut Keeper>) -> Result<Option<Stop>, Error> {
        while self.simulation.step() < steps {
            let step = self.simulation.step();
            let until = keeper.as_ref().map_or(steps, |keeper| keeper.next(step).min(steps));
            match &mut self.recorder {
                Some(recorder) => self.simulation.run(until - step, &mut self.progress.watched(self.plan, recorder))?,
                None => self.simulation.run(until - step, &mut |_: &Block| ControlFlow::Continue(()))?,
            }
            let asked = self.recorder.as_ref().map_or(Asks::Nothing, Recorder::asks);
            let asked = Asks::from_word(self.ranks.comm().broadcast(asked.word())?);
            if asked == Asks::End {
                break;
            }
            if let Some(keeper) = keeper.as_deref_mut() {
                self.checkpoint(keeper, asked, steps)?;
            }
            if let Asks::Stop(stop) = asked {
                return Ok(Some(stop));
            }
        }
        Ok(None)
    }

    /// Makes a checkpoint if one is due or asked for.
    fn checkpoint(&mut self, keeper: &mut Keeper, asked: Asks, steps: u64) -> Result<(), Error> {
        let step = self.simulation.step();
        let due = match asked {
            Asks::Nothing => step < steps && keeper.is_due(step),
            Asks::Checkpoint => step < steps,
            Asks::Stop(stop) => stop == Stop::Terminate,
            Asks::End => false,
        };
        if !due {
            return Ok(());
        }
        let accounts = account(&self.simulation, self.ranks, self.cpu_seconds)?;
        let spent = Spent {
            simulate_seconds: self.progress.seconds(),
            cpu_seconds: accounts.iter().map(|a| a.cpu_seconds).sum(),
            phases: mean_phases(&accounts),
        };
        match keeper.make(&mut self.simulation, self.recorder.as_mut(), spent)? {
            Err(reason) if matches!(asked, Asks::Stop(_)) => self.ranks.together(Err(Error::NotMade { reason })),
            Err(reason) => {
                eprintln!("warning: no checkpoint at {}: {reason}", Millis(self.simulation.time()));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
