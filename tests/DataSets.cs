namespace EdgeFL;

/// <summary>Finds the real recordings: the folder named by EDGEFL_DATA, or shared/data in a folder above.</summary>
internal static class DataSets
{
    public static string? Root { get; } = Find();

    public static string Path(string set, string file) => System.IO.Path.Combine(Root!, set, file);

    public static bool Has(string set) => Root is not null && Directory.Exists(System.IO.Path.Combine(Root, set));

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("EDGEFL_DATA") is { Length: > 0 } named)
            return Directory.Exists(named) ? named : null;
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string data = System.IO.Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(data))
                return data;
        }
        return null;
    }
}

/// <summary>A test that needs a real recording; skipped with a clear word where it is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class DataFactAttribute : FactAttribute
{
    public DataFactAttribute(string set)
    {
        if (!DataSets.Has(set))
            Skip = $"The recordings of {set} were not found: set EDGEFL_DATA to the folder that holds {set}/, or put it at shared/data in a folder above.";
    }
}
