using System.CommandLine;
using System.CommandLine.Completions;
using System.Text;
using EdgeFL.Cli.Framework;

namespace EdgeFL.Cli.Commands;

/// <summary>
/// Completion scripts written out from the command tree: static text, so a TAB costs no start of the program.
/// Each command line is walked word by word to the deepest command; options that take a value are skipped with their value.
/// </summary>
internal static class CompletionScripts
{
    /// <summary>Script for bash 4 and later; needs no bash-completion package.</summary>
    public static string Bash(Command root)
    {
        var text = new StringBuilder();
        text.Append("""
            # bash completion for edgefl; load it with: source <(edgefl completion bash)
            _edgefl() {
              local cur="${COMP_WORDS[COMP_CWORD]}" prev="" path="edgefl" i word commands options values takes
              COMPREPLY=()
              (( COMP_CWORD > 0 )) && prev="${COMP_WORDS[COMP_CWORD-1]}"
              for (( i = 1; i < COMP_CWORD; i++ )); do
                word="${COMP_WORDS[i]}"
                _edgefl_words "$path"
                if [[ " $takes " == *" $word "* ]]; then (( i++ )); continue; fi
                [[ " $commands " == *" $word "* ]] && path="$path $word"
              done
              _edgefl_words "$path"
              if [[ " $takes " == *" $prev "* ]]; then
                _edgefl_values "$path" "$prev"
                if [[ -n $values ]]; then COMPREPLY=( $(compgen -W "$values" -- "$cur") ); else COMPREPLY=( $(compgen -f -- "$cur") ); fi
                return 0
              fi
              if [[ $cur == -* ]]; then COMPREPLY=( $(compgen -W "$options" -- "$cur") ); return 0; fi
              _edgefl_values "$path" ""
              COMPREPLY=( $(compgen -W "$commands $values" -- "$cur") )
              [[ ${#COMPREPLY[@]} -eq 0 && -z $commands ]] && COMPREPLY=( $(compgen -f -- "$cur") )
              return 0
            }
            _edgefl_words() {
              commands="" options="" takes=""
              case "$1" in

            """);
        foreach (var command in All(root))
        {
            var options = Options(command);
            text.Append($"    {Quote(CommandLine.PathOf(command))})\n");
            text.Append($"      commands={Quote(Join(Visible(command).Select(c => c.Name)))}\n");
            text.Append($"      options={Quote(Join(options.SelectMany(Names)))}\n");
            text.Append($"      takes={Quote(Join(options.Where(TakesValue).SelectMany(Names)))} ;;\n");
        }

        text.Append("""
              esac
            }
            _edgefl_values() {
              values=""
              case "$1|$2" in

            """);
        foreach (var command in All(root))
        {
            var path = CommandLine.PathOf(command);
            var arguments = Join(command.Arguments.SelectMany(Values));
            if (arguments.Length > 0)
                text.Append($"    {Quote(path + "|")}) values={Quote(arguments)} ;;\n");
            foreach (var option in Options(command).Where(TakesValue))
            {
                var values = Join(Values(option));
                if (values.Length > 0)
                    text.Append($"    {string.Join("|", Names(option).Select(n => Quote(path + "|" + n)))}) values={Quote(values)} ;;\n");
            }
        }

        text.Append("""
              esac
            }
            complete -F _edgefl edgefl

            """);
        return text.ToString();
    }

    /// <summary>Script for zsh, to be stored as <c>_edgefl</c> on <c>fpath</c> or sourced after <c>compinit</c>.</summary>
    public static string Zsh(Command root)
    {
        var text = new StringBuilder("#compdef edgefl\n# zsh completion for edgefl; store it as _edgefl in a folder of $fpath\n");
        foreach (var command in All(root))
        {
            text.Append($"{Function(command)}() {{\n");
            var children = Visible(command).ToList();
            if (children.Count > 0)
            {
                text.Append("  local -a commands\n  commands=(\n");
                foreach (var child in children)
                    text.Append($"    {Quote(child.Name + ":" + Brief(child.Description))}\n");
                text.Append("  )\n");
            }

            text.Append("  local context state state_descr line\n  typeset -A opt_args\n  _arguments -C");
            foreach (var option in Options(command))
            {
                foreach (var name in Names(option))
                    text.Append(" \\\n    " + Quote(name + "[" + Brief(option.Description).Replace("[", "(").Replace("]", ")") + "]" + ZshValue(option)));
            }

            if (children.Count > 0)
            {
                text.Append(" \\\n    '1: :->command' \\\n    '*:: :->rest'\n");
                text.Append("  case $state in\n    command) _describe command commands ;;\n    rest)\n      case $words[1] in\n");
                foreach (var child in children)
                    text.Append($"        {child.Name}) {Function(child)} ;;\n");
                text.Append("      esac ;;\n  esac\n");
            }
            else
            {
                foreach (var argument in command.Arguments)
                {
                    var values = Join(Values(argument));
                    text.Append(" \\\n    " + Quote("*:" + argument.Name + ":" + (values.Length > 0 ? $"({values})" : "_files")));
                }

                text.Append('\n');
            }

            text.Append("}\n");
        }

        text.Append("if [ \"$funcstack[1]\" = \"_edgefl\" ]; then _edgefl \"$@\"; else compdef _edgefl edgefl; fi\n");
        return text.ToString();
    }

    /// <summary>Script for fish.</summary>
    public static string Fish(Command root)
    {
        var text = new StringBuilder("# fish completion for edgefl\ncomplete -c edgefl -f\n");
        foreach (var command in All(root))
        {
            var words = CommandLine.PathOf(command).Split(' ').Skip(1).ToList();
            var conditions = words.Select(w => "__fish_seen_subcommand_from " + w).ToList();
            var children = Visible(command).ToList();
            if (children.Count > 0)
            {
                var none = "not __fish_seen_subcommand_from " + Join(children.Select(c => c.Name));
                foreach (var child in children)
                    text.Append($"complete -c edgefl -n {Quote(string.Join("; and ", conditions.Append(none)))} -a {child.Name} -d {Quote(Brief(child.Description))}\n");
            }

            var here = conditions.Count == 0 ? "" : " -n " + Quote(string.Join("; and ", conditions));
            var own = command is RootCommand ? Options(command) : command.Options.Where(o => !o.Hidden && !IsHelp(o)).ToList();
            foreach (var option in own)
            {
                text.Append($"complete -c edgefl{here}");
                foreach (var name in Names(option))
                    text.Append(name.StartsWith("--", StringComparison.Ordinal) ? " -l " + name[2..] : " -s " + name[1..]);
                text.Append($" -d {Quote(Brief(option.Description))}");
                var values = Join(Values(option));
                if (TakesValue(option))
                    text.Append(values.Length > 0 ? $" -x -a {Quote(values)}" : " -r -F");
                text.Append('\n');
            }

            var arguments = Join(command.Arguments.SelectMany(Values));
            if (arguments.Length > 0)
                text.Append($"complete -c edgefl{here} -a {Quote(arguments)}\n");
        }

        return text.ToString();
    }

    private static IEnumerable<Command> All(Command command) =>
        Visible(command).SelectMany(All).Prepend(command);

    private static IEnumerable<Command> Visible(Command command) => command.Subcommands.Where(c => !c.Hidden);

    private static List<Option> Options(Command command) => CommandLine.OptionsOf(command).DistinctBy(o => o.Name).ToList();

    // -h and --help complete; the /h and -? spellings that the library also takes are not for this platform.
    private static IEnumerable<string> Names(Option option) =>
        option.Aliases.Prepend(option.Name).Where(n => n.Length > 1 && n[0] == '-' && n != "-?").Distinct();

    private static bool IsHelp(Option option) => option is System.CommandLine.Help.HelpOption;

    private static bool TakesValue(Option option) => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0 && !IsHelp(option);

    private static IEnumerable<string> Values(Option option) =>
        TakesValue(option) ? option.GetCompletions(CompletionContext.Empty).Select(c => c.Label).Where(IsPlain) : [];

    private static IEnumerable<string> Values(Argument argument) =>
        argument.GetCompletions(CompletionContext.Empty).Select(c => c.Label).Where(IsPlain);

    private static bool IsPlain(string value) => value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':');

    private static string ZshValue(Option option)
    {
        if (!TakesValue(option))
            return "";
        var values = Join(Values(option));
        return $":{option.HelpName ?? "value"}:" + (values.Length > 0 ? $"({values})" : "_files");
    }

    private static string Function(Command command) => "_" + CommandLine.PathOf(command).Replace(' ', '_').Replace('-', '_');

    private static string Brief(string? text) => (text ?? "").Split('\n')[0].Replace(":", ",");

    private static string Join(IEnumerable<string> words) => string.Join(' ', words.Distinct());

    private static string Quote(string text) => "'" + text.Replace("'", "'\\''") + "'";
}
