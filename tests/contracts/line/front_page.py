"""Line: how well a small network learns a straight line."""
