using System.Numerics;

namespace EdgeFL.Numerics;

/// <summary>
/// Finds which values <see cref="ModuloLattice"/>'s receiver put into the wrong interval: the few whose weights sum up to the difference of the checks. They are looked for among the
/// values that lie nearest to a border, up to five of them; or one may be anywhere, and up to two among those. The work is bounded, so that bytes made up cost little more
/// than good ones.
/// </summary>
internal ref struct LatticeSyndrome
{
    /// <summary>Values near a border that are looked at.</summary>
    internal const int Candidates = 32;

    /// <summary>The most values put right in a group.</summary>
    internal const int MostCorrections = 5;

    /// <summary>How many are put right, at most; a benchmark lowers it.</summary>
    internal static int CorrectionsAllowed = MostCorrections;

    private const int Sums = Candidates * (Candidates + 1) / 2;
    private const int Slots = 2048;

    private readonly ReadOnlySpan<float> margins;
    private readonly Span<int> places;
    private readonly Span<ulong> changes;
    private readonly Span<ulong> sums;
    private readonly Span<ushort> sumsOf;
    private readonly Span<ushort> slots;
    private int count;

    private LatticeSyndrome(
        ReadOnlySpan<float> margins, Span<int> places, Span<ulong> changes, Span<ulong> sums, Span<ushort> sumsOf, Span<ushort> slots)
    {
        this.margins = margins;
        this.places = places;
        this.changes = changes;
        this.sums = sums;
        this.sumsOf = sumsOf;
        this.slots = slots;
    }

    /// <summary>Puts levels right; false, with the levels as they were, when no set of values explains the difference.</summary>
    /// <param name="margins">Shape [I]; where within its interval each value lies, -1/2 to 1/2.</param>
    /// <param name="levels">Shape [I]; read and written.</param>
    /// <param name="difference">The sender's check less the receiver's; not 0.</param>
    /// <param name="width">Levels in an interval.</param>
    internal static bool TryCorrect(ReadOnlySpan<float> margins, Span<float> levels, ulong difference, int width)
    {
        var search = new LatticeSyndrome(
            margins, stackalloc int[Candidates], stackalloc ulong[Candidates], stackalloc ulong[Sums], stackalloc ushort[Sums], stackalloc ushort[Slots]);
        search.Choose();
        Span<int> found = stackalloc int[MostCorrections];
        var corrections = search.Find(difference, found);
        if (corrections > CorrectionsAllowed)
            return false;
        foreach (var place in found[..corrections])
            levels[place] += margins[place] > 0f ? width : -width;
        return corrections > 0;
    }

    /// <summary>The values nearest to a border, the nearest first.</summary>
    private void Choose()
    {
        Span<float> nearness = stackalloc float[Candidates];
        var least = -1f;
        for (var i = 0; i < margins.Length; i++)
        {
            if (Lanes.UseVector && i % Vector<float>.Count == 0)
            {
                // Few are near once the list is full: go over the others a vector at a time.
                while (i + Vector<float>.Count <= margins.Length && !Vector.GreaterThanAny(Vector.Abs(new Vector<float>(margins[i..])), new Vector<float>(least)))
                    i += Vector<float>.Count;
                if (i == margins.Length)
                    break;
            }
            var near = Math.Abs(margins[i]);
            if (near > least)
                least = Insert(i, near, nearness);
        }
        for (var i = 0; i < count; i++)
            changes[i] = Change(places[i]);
    }

    /// <summary>Puts a value in its place among the candidates; returns what the next one must exceed.</summary>
    private float Insert(int place, float near, scoped Span<float> nearness)
    {
        var at = count < Candidates ? count++ : Candidates - 1;
        for (; at > 0 && nearness[at - 1] < near; at--)
        {
            nearness[at] = nearness[at - 1];
            places[at] = places[at - 1];
        }
        nearness[at] = near;
        places[at] = place;
        return count == Candidates ? nearness[Candidates - 1] : -1f;
    }

    /// <summary>What moving a value into the next interval on its nearer side adds to the check.</summary>
    private readonly ulong Change(int place)
    {
        var weight = LatticeWeights.At(place);
        return margins[place] > 0f ? weight : LatticeWeights.Subtract(0, weight);
    }

    /// <summary>Changes of one and of two candidates, to be found by their sum; a pair of a candidate with itself stands for that one alone.</summary>
    private readonly void Tabulate()
    {
        slots.Clear();
        var next = 0;
        for (var a = 0; a < count; a++)
        {
            for (var b = 0; b <= a; b++)
            {
                sums[next] = a == b ? changes[a] : LatticeWeights.Add(changes[a], changes[b]);
                sumsOf[next] = (ushort)(a * Candidates + b);
                var slot = Slot(sums[next]);
                while (slots[slot] != 0)
                    slot = (slot + 1) % Slots;
                slots[slot] = (ushort)++next;
            }
        }
    }

    /// <summary>Looks for small sets first; returns how many places were found, 0 when no set explains the difference.</summary>
    private readonly int Find(ulong difference, Span<int> found)
    {
        if (changes[..count].IndexOf(difference) is >= 0 and var only)
        {
            found[0] = places[only];
            return 1;
        }
        Tabulate();
        if (Rest(difference, found, 0) is > 0 and var two)
            return two;
        for (var a = 0; a < count; a++)
        {
            found[0] = places[a];
            if (Rest(LatticeWeights.Subtract(difference, changes[a]), found, 1) is > 0 and var three)
                return three;
        }
        for (var place = 0; place < margins.Length; place++)
        {
            found[0] = place;
            var rest = LatticeWeights.Subtract(difference, Change(place));
            if (rest == 0)
                return 1;
            if (Rest(rest, found, 1) is > 0 and var withOneElsewhere)
                return withOneElsewhere;
        }
        return FindMany(difference, found);
    }

    /// <summary>Four candidates, or five.</summary>
    private readonly int FindMany(ulong difference, Span<int> found)
    {
        for (var a = 0; a < count; a++)
        {
            for (var b = 0; b < a; b++)
            {
                (found[0], found[1]) = (places[a], places[b]);
                if (Rest(LatticeWeights.Subtract(difference, LatticeWeights.Add(changes[a], changes[b])), found, 2) is > 0 and var four)
                    return four;
            }
        }
        for (var a = 0; a < count; a++)
        {
            for (var b = 0; b < a; b++)
            {
                var two = LatticeWeights.Subtract(difference, LatticeWeights.Add(changes[a], changes[b]));
                for (var c = 0; c < b; c++)
                {
                    (found[0], found[1], found[2]) = (places[a], places[b], places[c]);
                    if (Rest(LatticeWeights.Subtract(two, changes[c]), found, 3) is > 0 and var five)
                        return five;
                }
            }
        }
        return 0;
    }

    /// <summary>Whether one or two candidates besides those <paramref name="taken"/> make up a sum; puts them behind those and returns how many there are then, else 0.</summary>
    private readonly int Rest(ulong sum, Span<int> found, int taken)
    {
        for (var slot = Slot(sum); slots[slot] != 0; slot = (slot + 1) % Slots)
        {
            var entry = slots[slot] - 1;
            if (sums[entry] != sum)
                continue;
            int a = places[sumsOf[entry] / Candidates], b = places[sumsOf[entry] % Candidates];
            if (found[..taken].Contains(a) || found[..taken].Contains(b))
                return 0;
            found[taken] = a;
            if (a == b)
                return taken + 1;
            found[taken + 1] = b;
            return taken + 2;
        }
        return 0;
    }

    /// <summary>The weights' bits are as good as random.</summary>
    private static int Slot(ulong sum) => (int)(sum % Slots);
}
