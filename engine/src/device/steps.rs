//! Steps of a network on a device, and what its host does meanwhile.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::OnDevice;
use crate::Error;
use crate::courier::Courier;
use crate::recorder::Recorder;
use crate::simulation::Sample;

/// The other processes, which are met every so many steps.
pub(crate) struct Others<'a> {
    pub(crate) courier: &'a mut Courier,
    pub(crate) every: u64,
}

impl Others<'_> {
    /// The step of the next meeting.
    fn next(&self) -> u64 {
        self.courier.since() + self.every
    }
}

impl OnDevice {
    /// Steps through `span`, or until the observer breaks off; gives the step at which it stops.
    pub(crate) fn run(&mut self, span: Range<u64>, mut recorder: Recorder, mut others: Option<Others>) -> Result<u64, Error> {
        let (mut step, mut stop) = (span.start, false);
        while step < span.end && !stop {
            let meeting = others.as_ref().map_or(u64::MAX, Others::next);
            let until = (step + self.pace).min(span.end).min(meeting);
            let start = Instant::now();
            self.resident.launch(step..until)?;
            let launched = Instant::now();
            stop = step > span.start && recorder.flush(step, false, self.phases)?.is_break();
            let handed_out = Instant::now();
            self.collect(&mut recorder)?;
            self.phases.record += (handed_out - launched).as_secs_f64();
            self.share_out((launched - start) + handed_out.elapsed());
            if let Some(others) = &mut others {
                self.meet(until, others)?;
            }
            step = until;
        }
        if step > span.start {
            let start = Instant::now();
            // Nothing is left to be broken off.
            let _ = recorder.flush(step, true, self.phases)?;
            self.phases.record += start.elapsed().as_secs_f64();
        }
        Ok(step)
    }

    /// Waits for the device and takes what happened on it.
    fn collect(&mut self, recorder: &mut Recorder) -> Result<(), Error> {
        self.outbox.clear();
        self.values.clear();
        self.counted = self.resident.take(&mut self.outbox.spikes, &mut self.values)?;
        self.outbox.samples.extend(self.values.iter().map(|value| {
            let (probe, position) = self.taps[value.tap];
            Sample { probe, step: value.step + 1, position, value: value.value }
        }));
        recorder.take(&self.outbox);
        Ok(())
    }

    /// Notes what the other processes have to know, and exchanges it with them if it is time.
    fn meet(&mut self, now: u64, others: &mut Others) -> Result<(), Error> {
        let (since, is_time) = (others.courier.since(), now >= others.next());
        others.courier.take(&self.outbox);
        self.own.extend_from_slice(&self.outbox.spikes);
        if !is_time {
            return Ok(());
        }
        let start = Instant::now();
        let mut sums = self.resident.means(now)?;
        others.courier.exchange(now, &mut self.received, &mut sums, &mut || ())?;
        self.resident.set_means(now, &sums)?;
        if !self.received.is_empty() {
            self.received.sort_unstable();
            self.visitors.take(&[], now);
            self.received.iter().for_each(|spike| self.visitors.add(*spike));
            // The device keeps spikes by their step, own ones and others.
            self.own.append(&mut self.received);
            self.own.sort_unstable();
            self.resident.put(since..now, &self.own)?;
        }
        self.own.clear();
        self.phases.communicate += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Adds wall time to the phases as the device has spent it in a step.
    fn share_out(&mut self, time: Duration) {
        let deliver = time.as_secs_f64() * self.resident.deliver_share();
        self.phases.deliver += deliver;
        self.phases.update += time.as_secs_f64() - deliver;
    }
}
