import { OURS } from './reflexarc-msgs.ts';
import { ros1Text } from './ros1.ts';

/**
 * `reflexarc_msgs` as a package to be built beside a robot's rosbridge, so that the robot's side knows our types: files by
 * name, for catkin (ROS 1) or ament (ROS 2). What is committed in `ros1/` and `ros2/` here is this, word for word.
 */
export function rosPackage(ros: 1 | 2, version: string): ReadonlyMap<string, string> {
  const spelt = (text: string) => `${(ros === 1 ? ros1Text(text) : text).trim()}\n`;
  const messages = Object.keys(OURS).filter((type) => type.includes('/msg/'));
  const services = [...new Set(Object.keys(OURS).flatMap((type) => /\/srv\/(\w+)_Request$/.exec(type)?.[1] ?? []))];
  const ours = 'reflexarc_msgs';
  const named = [
    ...messages.map((type): [string, string] => [`msg/${type.split('/').at(-1)}.msg`, spelt(OURS[type]!)]),
    ...services.map((name): [string, string] => [
      `srv/${name}.srv`,
      `${spelt(OURS[`${ours}/srv/${name}_Request`]!)}---\n${spelt(OURS[`${ours}/srv/${name}_Response`]!)}`,
    ]),
  ].sort(([a], [b]) => (a < b ? -1 : 1));
  const files = named.map(([file]) => file);
  const build = ros === 1 ? catkin(files, version) : ament(files, version);
  return new Map([...Object.entries(build), ...named]);
}

const DESCRIPTION = 'Messages of Reflex Arc: what it says, what it takes, and what a robot that obeys it says.';
const about = (version: string) => `<?xml version="1.0"?>
<package format="3">
  <name>reflexarc_msgs</name>
  <version>${version}</version>
  <description>${DESCRIPTION}</description>
  <maintainer email="maintainers@reflexarc.invalid">Reflex Arc</maintainer>
  <license>Apache-2.0</license>
`;
const list = (files: readonly string[], indent: string) => files.map((file) => `${indent}${file}`).join('\n');
/** Packages whose types ours are made of. */
const USED = ['std_msgs', 'geometry_msgs'] as const;

function catkin(files: readonly string[], version: string): Record<string, string> {
  const of = (folder: string) => files.filter((file) => file.startsWith(folder)).map((file) => file.split('/')[1]!);
  return {
    'package.xml': `${about(version)}  <buildtool_depend>catkin</buildtool_depend>
  <build_depend>message_generation</build_depend>
  <exec_depend>message_runtime</exec_depend>
${USED.map((name) => `  <depend>${name}</depend>`).join('\n')}
</package>
`,
    'CMakeLists.txt': `cmake_minimum_required(VERSION 3.0.2)
project(reflexarc_msgs)
find_package(catkin REQUIRED COMPONENTS message_generation ${USED.join(' ')})
add_message_files(FILES
${list(of('msg/'), '  ')}
)
add_service_files(FILES
${list(of('srv/'), '  ')}
)
generate_messages(DEPENDENCIES ${USED.join(' ')})
catkin_package(CATKIN_DEPENDS message_runtime ${USED.join(' ')})
`,
  };
}

function ament(files: readonly string[], version: string): Record<string, string> {
  const used = ['builtin_interfaces', ...USED];
  return {
    'package.xml': `${about(version)}  <buildtool_depend>ament_cmake</buildtool_depend>
  <buildtool_depend>rosidl_default_generators</buildtool_depend>
  <exec_depend>rosidl_default_runtime</exec_depend>
${used.map((name) => `  <depend>${name}</depend>`).join('\n')}
  <member_of_group>rosidl_interface_packages</member_of_group>
  <export>
    <build_type>ament_cmake</build_type>
  </export>
</package>
`,
    'CMakeLists.txt': `cmake_minimum_required(VERSION 3.8)
project(reflexarc_msgs)
find_package(ament_cmake REQUIRED)
find_package(rosidl_default_generators REQUIRED)
${used.map((name) => `find_package(${name} REQUIRED)`).join('\n')}
rosidl_generate_interfaces(\${PROJECT_NAME}
${list(
  files.map((file) => `"${file}"`),
  '  ',
)}
  DEPENDENCIES ${used.join(' ')}
)
ament_export_dependencies(rosidl_default_runtime)
ament_package()
`,
  };
}
