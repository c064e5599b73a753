using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Fleet;

/// <summary>Models, recipes and sensor presets that travel inside the CLI.</summary>
internal static class Assets
{
    /// <summary>Names beneath a folder, without ending, e.g. those of <c>models</c>.</summary>
    public static IReadOnlyList<string> Names(string folder) => typeof(Assets).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(folder + "/", StringComparison.Ordinal)).Select(name => Path.GetFileNameWithoutExtension(name)).Order(StringComparer.Ordinal).ToList();

    /// <summary>The bytes of a shipped model, or of a model file when the text names one.</summary>
    /// <param name="nameOrPath">E.g. <c>activity-cnn</c>, or a path.</param>
    /// <param name="console">Resolves paths.</param>
    /// <exception cref="CliException"><c>model-missing</c>.</exception>
    public static byte[] Model(string nameOrPath, CliConsole console) => ShippedOrFile("model", nameOrPath, "edgefl model show activity-cnn", console);

    /// <summary>The bytes of a shipped sensor preset.</summary>
    /// <param name="name">E.g. <c>uci-hapt</c>.</param>
    public static byte[] Preset(string name) => Find($"sensors/{name}.json") ?? throw new ArgumentException($"There is no preset '{name}'.", nameof(name));

    /// <summary>The bytes of a shipped recipe, or of a recipe file when the text names one.</summary>
    /// <param name="nameOrPath">E.g. <c>activity</c>, or a path.</param>
    /// <param name="console">Resolves paths.</param>
    /// <exception cref="CliException"><c>recipe-missing</c>.</exception>
    public static byte[] Recipe(string nameOrPath, CliConsole console) => ShippedOrFile("recipe", nameOrPath, "--recipe activity", console);

    private static byte[] ShippedOrFile(string kind, string nameOrPath, string remedy, CliConsole console)
    {
        if (Find($"{kind}s/{nameOrPath}.json") is { } shipped)
            return shipped;
        string path = console.Resolve(nameOrPath);
        if (!File.Exists(path))
            throw new CliException($"{kind}-missing", $"There is no {kind} '{nameOrPath}': neither a file nor one of {string.Join(", ", Names(kind + "s"))}.", remedy, ExitCodes.Usage);
        return File.ReadAllBytes(path);
    }

    private static byte[]? Find(string resource)
    {
        using Stream? stream = typeof(Assets).Assembly.GetManifestResourceStream(resource);
        if (stream is null)
            return null;
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
