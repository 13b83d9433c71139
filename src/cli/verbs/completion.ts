import { WindlassError } from "../../error.js";
import { suggestion } from "../../spec/problem.js";
import { EXIT } from "../exit-code.js";
import { say } from "../output.js";
import { JSON_FLAG, verb } from "../verb.js";

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_windlass() {
  local IFS=$'\\n'
  COMPREPLY=($(windlass completion propose "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _windlass windlass`,
  zsh: `#compdef windlass
_windlass() {
  local -a found
  found=("\${(@f)$(windlass completion propose "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -- $found
}
compdef _windlass windlass`,
  fish: `function __windlass
  set -l words (commandline -opc) (commandline -ct)
  windlass completion propose $words[2..-1] 2>/dev/null
end
complete -c windlass -f -a '(__windlass)'`,
};

export default verb<Record<never, never>, [string]>({
  brief: "Print the completion script of a shell",
  description: "It completes verbs, flags, the environments of this directory's spec and the services that run.",
  examples: [
    "windlass completion bash >> ~/.bashrc",
    "windlass completion zsh > ~/.zfunc/_windlass",
    "windlass completion fish > ~/.config/fish/completions/windlass.fish",
  ],
  parameters: {
    flags: { json: JSON_FLAG },
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "shell",
          brief: "bash, zsh or fish",
          parse: String,
          proposeCompletions: (partial) => Object.keys(SCRIPTS).filter((name) => name.startsWith(partial)),
        },
      ],
    },
  },
  async run(cli, _flags, shell) {
    const script = SCRIPTS[shell];
    if (script === undefined)
      throw new WindlassError("cli-shell", `There is no completion for ${shell}.`, {
        hint: suggestion(shell, Object.keys(SCRIPTS)),
      });
    say(cli, script);
    return EXIT.done;
  },
});
