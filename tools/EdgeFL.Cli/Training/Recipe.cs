using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeFL.Cli.Fleet;
using EdgeFL.Cli.Framework;
using EdgeFL.Learning;

namespace EdgeFL.Cli.Training;

/// <summary>A task ready to be learned: which recordings, what is held out, which model, how it learns. The file format of <c>firmware-config/recipes</c>.</summary>
internal sealed record Recipe
{
    private static readonly JsonSerializerOptions Reading = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        RespectNullableAnnotations = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    /// <summary>Of the file format.</summary>
    public required int Format { get; init; }

    /// <summary>What is learned, in one line.</summary>
    public required string About { get; init; }

    /// <summary>Sensor preset that says what the columns mean.</summary>
    public required string Sensor { get; init; }

    /// <summary>Channels of the preset that are used; null for all.</summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>Labels that stand in a file of their own; null when the recordings hold them.</summary>
    public RecipeLabels? Labels { get; init; }

    /// <summary>Where the number comes from that a regress model learns; null for another model.</summary>
    public RecipeTarget? Target { get; init; }

    /// <summary>Labels of the windows that are usual, for a model that reconstructs: it trains on these alone, and all that have a label test. Null to train on all.</summary>
    public IReadOnlyList<string>? Usual { get; init; }

    /// <summary>What trains and what tests.</summary>
    public required RecipeSplit Split { get; init; }

    /// <summary>Model name or file.</summary>
    public required string Model { get; init; }

    /// <summary>Rows from one window to the next; null for half a window.</summary>
    public int? WindowStep { get; init; }

    /// <summary>What a window's label is.</summary>
    public WindowLabel WindowLabel { get; init; }

    /// <summary>How it learns.</summary>
    public required RecipeLearning Learning { get; init; }

    /// <summary>Reads a shipped recipe or a file.</summary>
    /// <exception cref="CliException"><c>recipe-missing</c>, <c>bad-recipe</c>.</exception>
    public static Recipe Load(string nameOrPath, CliConsole console)
    {
        try
        {
            Recipe recipe = JsonSerializer.Deserialize<Recipe>(Assets.Recipe(nameOrPath, console), Reading) ?? throw new JsonException("It holds null.");
            return recipe.Check() is { } wrong ? throw new JsonException(wrong) : recipe;
        }
        catch (JsonException wrong)
        {
            throw new CliException("bad-recipe", $"Recipe '{nameOrPath}': {wrong.Message}", "--recipe activity   (a shipped one; docs/recipes.md explains each member)", ExitCodes.Usage, wrong);
        }
    }

    private string? Check() => Format != 1
        ? $"It has format {Format}; this program reads format 1."
        : !Assets.Names("sensors").Contains(Sensor)
            ? $"\"sensor\": there is no preset '{Sensor}', only {string.Join(", ", Assets.Names("sensors"))}."
            : WindowStep is < 1 or > 65_536 ? $"\"windowStep\" is {WindowStep}, but must lie between 1 and 65536." : Split.Check() ?? Target?.Check(Split) ?? Learning.Check();
}

/// <summary>A table of labels, one row for each recording.</summary>
internal sealed record RecipeLabels : RecipeTable
{
    /// <summary>Raw label to class name.</summary>
    public required IReadOnlyDictionary<string, string> Classes { get; init; }
}

/// <summary>Where the number comes from that a regress model learns: a column of the recordings, or how many rows of its recording are left after a row.</summary>
internal sealed record RecipeTarget
{
    /// <summary>Column of the recordings; null for another source.</summary>
    public string? Column { get; init; }

    /// <summary>True for the rows left: the last row of a recording that trains has none.</summary>
    public bool RowsLeft { get; init; }

    /// <summary>How many rows more there would have been after the end of each recording that tests; null when those end where there is nothing left, too.</summary>
    public RecipeTable? TestRest { get; init; }

    /// <summary>Says what is wrong, or null.</summary>
    /// <param name="split">What tests.</param>
    public string? Check(RecipeSplit split) => RowsLeft == !string.IsNullOrEmpty(Column)
        ? "\"target\" names either a \"column\" or \"rowsLeft\": true."
        : TestRest is not null && (!RowsLeft || split.TestShare > 0)
            ? "\"target.testRest\" goes with \"rowsLeft\", and with recordings of their own that test."
            : null;
}

/// <summary>Which windows of the recordings that test are judged.</summary>
internal enum TestWindows
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>The last of each recording.</summary>
    Last,
}

/// <summary>What trains and what tests: by people, by files, or the end of each stretch of one label.</summary>
internal sealed record RecipeSplit
{
    /// <summary>A JSON file with lists <c>train</c> and <c>test</c> of subject numbers; null for another split.</summary>
    public string? Subjects { get; init; }

    /// <summary>File of subject number {0}, e.g. <c>subject-{0:00}.csv.gz</c>.</summary>
    public string? SubjectFile { get; init; }

    /// <summary>Files to train on; with <see cref="TestShare"/>, to test on as well.</summary>
    public IReadOnlyList<string>? Train { get; init; }

    /// <summary>Files to test on.</summary>
    public IReadOnlyList<string>? Test { get; init; }

    /// <summary>Which windows test. Default: all of them.</summary>
    public TestWindows TestWindows { get; init; }

    /// <summary>Share of the windows at the end of each stretch of one label that test, above 0 to below 1; 0 for a split by files.</summary>
    public double TestShare { get; init; }

    /// <summary>Says what is wrong, or null.</summary>
    public string? Check()
    {
        bool bySubject = Subjects is not null && SubjectFile is not null, byFile = Train is { Count: > 0 };
        bool mixed = byFile ? Subjects is not null || SubjectFile is not null : Train is not null || Test is not null || TestShare != 0;
        if (bySubject == byFile || mixed || (Train ?? []).Concat(Test ?? []).Any(string.IsNullOrEmpty))
            return "\"split\" names either \"subjects\" and \"subjectFile\", or \"train\" with \"test\" or \"testShare\".";
        if (!(TestShare is >= 0 and < 1))
            return $"\"split.testShare\" is 0 to below 1, not {TestShare}.";
        if (bySubject && !SubjectFile!.Contains("{0", StringComparison.Ordinal))
            return $"\"split.subjectFile\" must hold {{0}} or {{0:00}} where the number goes, not \"{SubjectFile}\".";
        if (TestShare > 0 && TestWindows != TestWindows.All)
            return "\"split.testWindows\" goes with recordings of their own that test, not with \"testShare\".";
        return byFile && (Test is { Count: > 0 }) == (TestShare > 0) ? "\"split\" has either \"test\" or \"testShare\" beside \"train\"." : null;
    }
}

/// <summary>How a model is trained on one device: stochastic gradient descent with momentum, a cosine of rates, the last models averaged.</summary>
internal sealed record RecipeLearning
{
    /// <summary>Times that each window is seen, 1 to 10,000.</summary>
    public required int Epochs { get; init; }

    /// <summary>Windows in a minibatch, 1 to 256. Default 16.</summary>
    public int Batch { get; init; } = 16;

    /// <summary>Rate of the first step, above 0 to 10.</summary>
    public required float LearningRate { get; init; }

    /// <summary>Rate of the last step as a share of the first, 0 to 1. Default 0.02.</summary>
    public float Floor { get; init; } = 0.02f;

    /// <summary>Momentum, 0 to 0.999. Default 0.9.</summary>
    public float Momentum { get; init; } = 0.9f;

    /// <summary>Share of the steps, at the end, whose models are averaged, 0 to 1. Default 0.3.</summary>
    public float TailAverage { get; init; } = 0.3f;

    /// <summary>Random rotation of three-axis sensors, rad, 0 to 1. Default 0.</summary>
    public float Rotation { get; init; }

    /// <summary>Says what is wrong, or null.</summary>
    public string? Check() => Out("epochs", Epochs, 1, 10_000) ?? Out("batch", Batch, 1, 256) ?? Out("learningRate", LearningRate, float.Epsilon, 10) ?? Out("floor", Floor, 0, 1)
        ?? Out("momentum", Momentum, 0, 0.999f) ?? Out("tailAverage", TailAverage, 0, 1) ?? Out("rotation", Rotation, 0, 1);

    private static string? Out(string member, double value, double least, double most) =>
        value >= least && value <= most ? null : FormattableString.Invariant($"\"learning.{member}\" is {value}, but must lie between {least} and {most}.");
}
