namespace EdgeFL.Node;

// A node keeps step with most of its neighbours: it waits for them a little, and what it catches up on it does not take for speed.
public sealed partial class NodeCore
{
    /// <summary>A neighbourhood that hangs is waited for so many rounds' time in each round, until its models are too old to count.</summary>
    private const int WaitRounds = 4;

    private int waitedTicks;
    private int lag;
    private int roundsGained = 1;

    /// <summary>
    /// Whether the node is so far ahead of most neighbours that were heard lately that it lets this tick pass. Who is pushed to in turns is heard of in turns, and
    /// seems that much further behind. Those who are too far behind to be mixed in started much later, or lie: they are not waited for.
    /// </summary>
    private bool WaitsForMost()
    {
        int median = MedianRound();
        int lead = Math.Max(options.LeadRounds, peers.UpCount / options.FanOut);
        if (median < 0 || round - median <= lead || round - median > options.MaxAgeRounds || waitedTicks >= WaitRounds * options.StepsPerRound)
        {
            waitedTicks = 0;
            return false;
        }

        waitedTicks++;
        return true;
    }

    /// <summary>
    /// Counts the rounds that most neighbours gained on the node in its last one. A node that stood still is carried along by what they learned meanwhile: that
    /// distance, taken for the way of one round, would be a momentum that drives it, and then the others, ever further ahead. One round more or less is chance.
    /// </summary>
    private void KeepPace(int median)
    {
        int behind = median < 0 ? 0 : median - round;
        roundsGained = Math.Clamp(behind - lag, 1, options.MaxAgeRounds);
        lag = behind;
    }
}
