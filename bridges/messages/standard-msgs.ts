/**
 * The .msg text of the standard types that we write, and of those that robots publish and an observation may be made of, by
 * name in long spelling. The 150 that a package has (types.ts) are known to servers too.
 */
export const STANDARD: Readonly<Record<string, string>> = {
  'builtin_interfaces/msg/Time': 'int32 sec\nuint32 nanosec',
  'std_msgs/msg/Header': 'builtin_interfaces/Time stamp\nstring frame_id',
  'std_msgs/msg/Float64': 'float64 data',
  'std_msgs/msg/String': 'string data',
  'geometry_msgs/msg/Vector3': 'float64 x\nfloat64 y\nfloat64 z',
  'geometry_msgs/msg/Point': 'float64 x\nfloat64 y\nfloat64 z',
  'geometry_msgs/msg/Quaternion': 'float64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1',
  'geometry_msgs/msg/Pose': 'geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation',
  'geometry_msgs/msg/Wrench': 'geometry_msgs/Vector3 force\ngeometry_msgs/Vector3 torque',
  'geometry_msgs/msg/PoseStamped': 'std_msgs/Header header\ngeometry_msgs/Pose pose',
  'geometry_msgs/msg/WrenchStamped': 'std_msgs/Header header\ngeometry_msgs/Wrench wrench',
  'sensor_msgs/msg/JointState':
    'std_msgs/Header header\nstring[] name\nfloat64[] position\nfloat64[] velocity\nfloat64[] effort',
  'geometry_msgs/msg/Twist': 'geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular',
  'geometry_msgs/msg/TwistStamped': 'std_msgs/Header header\ngeometry_msgs/Twist twist',
  'geometry_msgs/msg/PoseWithCovariance': 'geometry_msgs/Pose pose\nfloat64[36] covariance',
  'geometry_msgs/msg/TwistWithCovariance': 'geometry_msgs/Twist twist\nfloat64[36] covariance',
  'nav_msgs/msg/Odometry':
    'std_msgs/Header header\nstring child_frame_id\n' +
    'geometry_msgs/PoseWithCovariance pose\ngeometry_msgs/TwistWithCovariance twist',
  'sensor_msgs/msg/LaserScan':
    'std_msgs/Header header\nfloat32 angle_min\nfloat32 angle_max\nfloat32 angle_increment\n' +
    'float32 time_increment\nfloat32 scan_time\nfloat32 range_min\nfloat32 range_max\n' +
    'float32[] ranges\nfloat32[] intensities',
  'sensor_msgs/msg/Range':
    'std_msgs/Header header\nuint8 radiation_type\nfloat32 field_of_view\nfloat32 min_range\n' +
    'float32 max_range\nfloat32 range',
  'sensor_msgs/msg/CompressedImage': 'std_msgs/Header header\nstring format\nuint8[] data',
  'sensor_msgs/msg/Image':
    'std_msgs/Header header\nuint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data',
  'builtin_interfaces/msg/Duration': 'int32 sec\nuint32 nanosec',
  'std_msgs/msg/MultiArrayDimension': 'string label\nuint32 size\nuint32 stride',
  'std_msgs/msg/MultiArrayLayout': 'std_msgs/MultiArrayDimension[] dim\nuint32 data_offset',
  'std_msgs/msg/Float64MultiArray': 'std_msgs/MultiArrayLayout layout\nfloat64[] data',
  'trajectory_msgs/msg/JointTrajectoryPoint':
    'float64[] positions\nfloat64[] velocities\nfloat64[] accelerations\nfloat64[] effort\n' +
    'builtin_interfaces/Duration time_from_start',
  'trajectory_msgs/msg/JointTrajectory':
    'std_msgs/Header header\nstring[] joint_names\ntrajectory_msgs/JointTrajectoryPoint[] points',
  'control_msgs/msg/JointJog':
    'std_msgs/Header header\nstring[] joint_names\nfloat64[] displacements\nfloat64[] velocities\nfloat64 duration',
  'rosgraph_msgs/msg/Clock': 'builtin_interfaces/Time clock',
  'std_msgs/msg/UInt64MultiArray': 'std_msgs/MultiArrayLayout layout\nuint64[] data',
  'diagnostic_msgs/msg/KeyValue': 'string key\nstring value',
  'diagnostic_msgs/msg/DiagnosticStatus':
    'byte OK=0\nbyte WARN=1\nbyte ERROR=2\nbyte STALE=3\n' +
    'byte level\nstring name\nstring message\nstring hardware_id\ndiagnostic_msgs/KeyValue[] values',
  'diagnostic_msgs/msg/DiagnosticArray': 'std_msgs/Header header\ndiagnostic_msgs/DiagnosticStatus[] status',
  'std_srvs/srv/Trigger_Response': 'bool success\nstring message',
  'std_srvs/srv/SetBool_Request': 'bool data',
  'std_srvs/srv/SetBool_Response': 'bool success\nstring message',
  'std_msgs/msg/Bool': 'bool data',
  'std_msgs/msg/Float32': 'float32 data',
  'std_msgs/msg/Int32': 'int32 data',
  'std_msgs/msg/Float32MultiArray': 'std_msgs/MultiArrayLayout layout\nfloat32[] data',
  'geometry_msgs/msg/Accel': 'geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular',
  'geometry_msgs/msg/Transform': 'geometry_msgs/Vector3 translation\ngeometry_msgs/Quaternion rotation',
  'geometry_msgs/msg/PointStamped': 'std_msgs/Header header\ngeometry_msgs/Point point',
  'geometry_msgs/msg/Vector3Stamped': 'std_msgs/Header header\ngeometry_msgs/Vector3 vector',
  'geometry_msgs/msg/QuaternionStamped': 'std_msgs/Header header\ngeometry_msgs/Quaternion quaternion',
  'geometry_msgs/msg/AccelStamped': 'std_msgs/Header header\ngeometry_msgs/Accel accel',
  'geometry_msgs/msg/TransformStamped':
    'std_msgs/Header header\nstring child_frame_id\ngeometry_msgs/Transform transform',
  'geometry_msgs/msg/PoseWithCovarianceStamped': 'std_msgs/Header header\ngeometry_msgs/PoseWithCovariance pose',
  'tf2_msgs/msg/TFMessage': 'geometry_msgs/TransformStamped[] transforms',
  'sensor_msgs/msg/Imu':
    'std_msgs/Header header\ngeometry_msgs/Quaternion orientation\nfloat64[9] orientation_covariance\n' +
    'geometry_msgs/Vector3 angular_velocity\nfloat64[9] angular_velocity_covariance\n' +
    'geometry_msgs/Vector3 linear_acceleration\nfloat64[9] linear_acceleration_covariance',
  'sensor_msgs/msg/Joy': 'std_msgs/Header header\nfloat32[] axes\nint32[] buttons',
};
