/** A definition of ROS 2 as ROS 1 has it: `time` and `duration` are built in, and a header begins with its `seq`. */
export function ros1Text(text: string): string {
  return text
    .split(`${'='.repeat(80)}\n`)
    .filter((part) => !part.startsWith('MSG: builtin_interfaces/'))
    .map((part) =>
      part
        .replace(/^builtin_interfaces\/(Time|Duration)\b/gm, (_m, name: string) => name.toLowerCase())
        .replace(/^MSG: std_msgs\/Header\n/, (head) => `${head}uint32 seq\n`)
        // ROS 1 has no default values; its constants have an equals sign.
        .replace(/^([\w/]+(?:\[\d*\])? \w+) [^=\s#].*$/gm, '$1'),
    )
    .join(`${'='.repeat(80)}\n`);
}
