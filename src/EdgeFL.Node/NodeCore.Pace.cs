namespace EdgeFL.Node;

// A node keeps step with most of its neighbours: it waits for them a little, and what it catches up on it does not take for speed.
public sealed partial class NodeCore
{
    /// <summary>A neighbourhood that hangs is waited for so many rounds' time in each round, until its models are too old to count.</summary>
    private const int WaitRounds = 4;

    private int waitedTicks;
    private int lag;
    private int roundsPassed = 1;

    /// <summary>Whether the node is so far ahead of most neighbours that were heard lately that it lets this tick pass.</summary>
    private bool WaitsForMost()
    {
        int median = MedianRound();
        if (median < 0 || round - median <= options.LeadRounds || waitedTicks >= WaitRounds * options.StepsPerRound)
        {
            waitedTicks = 0;
            return false;
        }

        waitedTicks++;
        return true;
    }

    /// <summary>
    /// Counts the rounds that most neighbours made since the node's own last one. A node that stood still is carried along by what they learned meanwhile: that
    /// distance, taken for the way of one round, would be a momentum that drives it, and then the others, ever further ahead. One round more or less is chance.
    /// </summary>
    private void KeepPace(int median)
    {
        if (median < 0)
            return;
        roundsPassed = Math.Clamp(median - round - lag, 1, options.MaxAgeRounds);
        lag = median - round;
    }
}
