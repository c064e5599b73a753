using System.Globalization;
using EdgeFL.Learning;

namespace EdgeFL.Node;

// What the sensor measures, or what its labels mean, may change for good: the node sees it by its loss, and learns the new faster for a while.
public sealed partial class NodeCore
{
    private readonly PageHinkley drift = new();

    /// <summary>
    /// Looks for drift in runs without end; those with one have a schedule that ends where the model is to be kept. While the windows kept still grow in number what is
    /// new adds to what is known, and a class that is seen for the first time would look like drift: the watch begins when windows give way.
    /// </summary>
    private void WatchForDrift(float stepLoss, long nowMs, Outbox outbox)
    {
        if (!options.WatchDrift || options.Rounds > 0 || !data.IsFull || !drift.Observe(stepLoss))
            return;
        // The windows kept from before tell, for as long as they are kept, what no longer holds; the momentum leads where they led; and a scale of thousands of windows
        // takes as many to follow.
        data.PreferNewest();
        data.Normaliser?.Forget();
        optimiser.Momentum.Clear();
        Raise("drift", EventSeverity.Warning,
            string.Create(CultureInfo.InvariantCulture, $"The loss has risen from {drift.Mean:0.000} to {loss:0.000}: what is measured has changed. Until the windows kept are new, the newest are learned from more often."),
            "If nothing was meant to change, look at the sensor and where it is mounted.", null, nowMs, outbox);
    }
}
