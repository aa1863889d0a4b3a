import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { venv } from './venv.ts';

/** ROS 2 Jazzy as wheels on PyPI, for CPython 3.10 to 3.13 on Linux; `.ci/peers.sh` asks for the first of them. */
export const ROS2_PACKAGES = [
  'ros-rclpy==7.1.6',
  'ros-rmw-fastrtps-cpp==8.4.3',
  ...['std-msgs', 'std-srvs', 'geometry-msgs', 'sensor-msgs'].map((name) => `ros-${name}==5.3.6`),
];
const made = venv('ros2-jazzy-7.1.6', ROS2_PACKAGES, 'rclpy, rmw_fastrtps_cpp, std_srvs.srv, geometry_msgs.msg');

/** A Python that has rclpy, and what makes it. */
export const ROS2_PYTHON = made.python;
export const prepareRos2 = made.prepare;

/** Without it Fast DDS listens on every interface, whomever it looks for. */
const LOOPBACK = `<?xml version="1.0" encoding="UTF-8"?>
<dds xmlns="http://www.eprosima.com/XMLSchemas/fastRTPS_Profiles"><profiles>
  <transport_descriptors><transport_descriptor>
    <transport_id>loopback</transport_id><type>UDPv4</type>
    <interfaceWhiteList><address>127.0.0.1</address></interfaceWhiteList>
  </transport_descriptor></transport_descriptors>
  <participant profile_name="loopback" is_default_profile="true"><rtps>
    <userTransports><transport_id>loopback</transport_id></userTransports>
    <useBuiltinTransports>false</useBuiltinTransports>
  </rtps></participant>
</profiles></dds>
`;

/** The environment of a graph of its own, on the loopback interface alone. `dir`: for its files. */
export function ros2Graph(dir: string): NodeJS.ProcessEnv {
  const profile = join(dir, 'loopback.xml');
  writeFileSync(profile, LOOPBACK);
  return {
    ...process.env,
    ROS_AUTOMATIC_DISCOVERY_RANGE: 'LOCALHOST',
    // Ports are 7400 + 250 a domain: up to here they are below those that the kernel gives away.
    ROS_DOMAIN_ID: String(1 + (process.pid % 100)),
    RMW_IMPLEMENTATION: 'rmw_fastrtps_cpp',
    FASTRTPS_DEFAULT_PROFILES_FILE: profile,
    ROS_LOG_DIR: join(dir, 'log'),
    PYTHONDONTWRITEBYTECODE: '1',
  };
}
