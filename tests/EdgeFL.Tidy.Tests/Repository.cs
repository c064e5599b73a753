namespace EdgeFL.Tidy.Tests;

/// <summary>The source tree the tests read.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string[] Files(string folder, string pattern) =>
        Directory.GetFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToArray();

    public static string Relative(string path) => Path.GetRelativePath(Root, path);

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeFL.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No EdgeFL.sln above {AppContext.BaseDirectory}.");
    }
}
