using System.CommandLine;
using EdgeFL.Cli.Framework;
using EdgeFL.Platform.Sensors;
using EdgeFL.Platform.Storage;

namespace EdgeFL.Cli.Commands;

/// <summary><c>edgefl data import</c>: public recordings into files that a replay sensor reads.</summary>
internal static class DataCommand
{
    /// <summary>Builds the group.</summary>
    public static Command Build()
    {
        var group = new CliCommand("data", "Recordings for replay sensors");
        group.Add(Import());
        return group;
    }

    private static CliCommand Import()
    {
        var source = new Argument<string>("source") { Description = "The unpacked HAPT download, or its RawData folder", HelpName = "SRC" };
        var destination = new Argument<string>("destination") { Description = "Folder of the files made", HelpName = "DST" };
        return new CliCommand("import", "Convert the public HAPT recordings (30 people, phone at the waist) to one file a person",
                new Example("edgefl data import ./HAPT ./data/hapt", "subject-01.csv.gz and so on, and split.json"))
            .Takes(source, destination)
            .Runs((context, cancel) =>
            {
                var (from, to) = (context.Console.Resolve(context.Get(source)!), context.Console.Resolve(context.Get(destination)!));
                try
                {
                    var result = HaptImport.Run(from, to, p => context.Progress($"subject {p.Subject}: {p.Done} of {p.Total}, {p.Rows} rows"), cancel);
                    if (context.Json)
                    {
                        context.DataJson("edgefl.data-import/1", json =>
                        {
                            json.WriteString("dir", to);
                            json.WriteNumber("subjects", result.Subjects);
                            json.WriteNumber("experiments", result.Experiments);
                            json.WriteNumber("rows", result.Rows);
                            json.WriteNumber("files_written", result.FilesWritten);
                        });
                    }
                    else
                    {
                        context.Data(to);
                        context.Progress($"{result.Subjects} people, {result.Rows} rows, {result.FilesWritten} files written.");
                    }

                    return Task.FromResult(ExitCodes.Ok);
                }
                catch (StorageException wrong)
                {
                    throw new CliException("cannot-write", wrong.Message, $"ls -ld {to}; df -h {Path.GetDirectoryName(to)}", ExitCodes.Failure, wrong);
                }
            });
    }
}
